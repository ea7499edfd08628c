// Makes nodes of the page into others with as few changes as possible, so that what the reader opened or selected in
// them stays. The others have been through the page's sanitiser; nothing is made here.

/** Elements that are changed within; all others are put in whole. */
const WITHIN = new Set(
  (
    'BLOCKQUOTE CODE DEL DETAILS DIV EM H1 H2 H3 H4 H5 H6 LI OL P PRE SPAN STRONG SUMMARY ' +
    'TABLE TBODY TD TH THEAD TR UL'
  ).split(' '),
);

/**
 * Put nodes in the place of others, which are neighbours. Returns what then stands there, node for node.
 * @param {Node} parent
 * @param {Node[]} before
 * @param {Node[]} after
 * @param {Node | null} next What stands below them.
 * @returns {Node[]}
 */
export function patched(parent, before, after, next) {
  const same = count(before, after, (list, index) => list[index]);
  const most = Math.min(before.length, after.length) - same;
  const ending = Math.min(most, count(before, after, (list, index) => list[list.length - 1 - index]));
  const old = before.slice(same, before.length - ending);
  const wanted = after.slice(same, after.length - ending);
  const below = before[before.length - ending] ?? next;
  const put = wanted.map((node, index) => {
    const there = old[index];
    if (!there) {
      return parent.insertBefore(node, below);
    }
    return change(there, node);
  });
  old.slice(wanted.length).forEach((node) => parent.removeChild(node));
  return [...before.slice(0, same), ...put, ...before.slice(before.length - ending)];
}

/**
 * How many nodes from one end are equal.
 * @param {Node[]} before
 * @param {Node[]} after
 * @param {(list: Node[], index: number) => Node | undefined} at
 */
function count(before, after, at) {
  let number = 0;
  for (;;) {
    const [old, node] = [at(before, number), at(after, number)];
    if (!old || !node || !old.isEqualNode(node)) {
      return number;
    }
    number += 1;
  }
}

/**
 * Make one node into another. Returns the one that stands there then.
 * @param {Node} old
 * @param {Node} node
 */
function change(old, node) {
  if (old instanceof Text && node instanceof Text) {
    if (node.data.startsWith(old.data)) {
      old.appendData(node.data.slice(old.length)); // a selection in what is before stays
    } else {
      old.data = node.data;
    }
    return old;
  }
  if (old instanceof Element && node instanceof Element && isAlike(old, node)) {
    patched(old, [...old.childNodes], [...node.childNodes], null);
    return old;
  }
  old.parentNode?.replaceChild(node, old);
  return node;
}

/**
 * Whether one element can become the other by changing what is in it. Whether details are open is the reader's.
 * @param {Element} old
 * @param {Element} node
 */
function isAlike(old, node) {
  if (old.tagName !== node.tagName || !WITHIN.has(old.tagName)) {
    return false;
  }
  const names = new Set([...old.getAttributeNames(), ...node.getAttributeNames()]);
  names.delete('open');
  return [...names].every((name) => old.getAttribute(name) === node.getAttribute(name));
}
