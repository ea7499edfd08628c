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
  const { same, ending } = alike(before, after, (old, node) => old.isEqualNode(node));
  const old = before.slice(same, before.length - ending);
  const wanted = after.slice(same, after.length - ending);
  const below = before[before.length - ending] ?? next;
  const put = wanted.map((node, index) => {
    const there = old[index];
    return there ? change(there, node) : parent.insertBefore(node, below);
  });
  old.slice(wanted.length).forEach((node) => parent.removeChild(node));
  return [...before.slice(0, same), ...put, ...before.slice(before.length - ending)];
}

/**
 * How many items of two lists are the same at their beginnings, and at their ends behind that.
 * @template A, B
 * @param {A[]} before
 * @param {B[]} after
 * @param {(one: A, other: B) => boolean} isSame
 */
export function alike(before, after, isSame) {
  /** @type {(most: number, at: <T>(list: T[], index: number) => T | undefined) => number} */
  const count = (most, at) => {
    let number = 0;
    for (; number < most; number += 1) {
      const [one, other] = [at(before, number), at(after, number)];
      if (one === undefined || other === undefined || !isSame(one, other)) {
        break;
      }
    }
    return number;
  };
  const most = Math.min(before.length, after.length);
  const same = count(most, (list, index) => list[index]);
  return { same, ending: count(most - same, (list, index) => list.at(-1 - index)) };
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
