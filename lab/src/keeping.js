// What the reader did with a reply is kept while the page shows it anew: details that are open, the selection, and
// the place in the window of what is read.

const BLOCKS = 'h1, h2, h3, h4, h5, h6, p, li, pre, tr, summary';

/**
 * @typedef {{
 *   opened: string[],
 *   selected: { text: string, at: number, backward: boolean } | null,
 *   anchor: { text: string, number: number, top: number } | null,
 * }} Kept
 */

/**
 * What the reader did with these outputs.
 * @param {Element} area
 * @returns {Kept}
 */
export function kept(area) {
  const opened = [...area.querySelectorAll('.jp-RenderedMarkdown details[open]')].map(named);
  return { opened, selected: selection(area), anchor: anchor(area) };
}

/**
 * Have it so again.
 * @param {Element} area
 * @param {Kept} what
 */
export function restore(area, { opened, selected, anchor: place }) {
  const left = [...opened];
  for (const details of area.querySelectorAll('.jp-RenderedMarkdown details')) {
    const index = left.indexOf(named(details));
    if (details instanceof HTMLDetailsElement && index >= 0) {
      details.open = true;
      left.splice(index, 1);
    }
  }
  if (selected) {
    select(area, selected);
  }
  if (place) {
    hold(area, place);
  }
}

/**
 * Keep the height of outputs that are about to go.
 * @param {HTMLElement} area
 * @returns {() => void} Ends it.
 */
export function heldHeight(area) {
  const around = area.parentElement ?? area;
  const before = around.style.minHeight;
  around.style.minHeight = `${around.getBoundingClientRect().height}px`;
  return () => void (around.style.minHeight = before);
}

/** @param {Element} details */
function named(details) {
  return details.querySelector('summary')?.textContent?.trim() ?? '';
}

/**
 * The text nodes of the replies, without typeset mathematics.
 * @param {Element} area
 */
function* texts(area) {
  for (const page of area.querySelectorAll('.jp-RenderedMarkdown')) {
    const walker = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = /** @type {Text} */ (walker.currentNode);
      if (!node.parentElement?.closest('mjx-container')) {
        yield node;
      }
    }
  }
}

/**
 * The selection, if it is in these outputs. `at` counts the characters before it that are not blank.
 * @param {Element} area
 */
function selection(area) {
  const found = document.getSelection();
  if (!found || found.isCollapsed || !found.rangeCount || !area.contains(found.getRangeAt(0).commonAncestorContainer)) {
    return null;
  }
  const range = found.getRangeAt(0);
  let [at, text] = [0, ''];
  for (const node of texts(area)) {
    const endsAtStart = node === range.startContainer && range.startOffset === node.length;
    if (endsAtStart || range.comparePoint(node, node.length) < 0) {
      at += dense(node.data).length;
    } else if (range.intersectsNode(node)) {
      const start = node === range.startContainer ? range.startOffset : 0;
      const end = node === range.endContainer ? range.endOffset : node.length;
      at += text ? 0 : dense(node.data.slice(0, start)).length;
      text += dense(node.data.slice(start, end));
    }
  }
  const backward = found.anchorNode === range.endContainer && found.anchorOffset === range.endOffset;
  return text ? { text, at, backward } : null;
}

/**
 * Select the same words where they are nearest to where they were; nothing if they are not there.
 * @param {Element} area
 * @param {NonNullable<Kept['selected']>} wanted
 */
function select(area, { text, at, backward }) {
  const places = [...texts(area)].flatMap((node) =>
    Array.from(node.data.matchAll(/\S/g), ({ index, 0: letter }) => ({ node, index, letter })),
  );
  const whole = places.map(({ letter }) => letter).join('');
  const after = whole.indexOf(text, at);
  const before = whole.lastIndexOf(text, at);
  const near = before < 0 || (after >= 0 && after - at <= at - before) ? after : before;
  const first = places[near];
  const last = places[near + text.length - 1];
  if (first && last) {
    const end = { node: last.node, index: last.index + 1 };
    const [from, to] = backward ? [end, first] : [first, end];
    document.getSelection()?.setBaseAndExtent(from.node, from.index, to.node, to.index);
  }
}

/** @param {string} text */
function dense(text) {
  return text.replace(/\s+/g, '');
}

/**
 * The first piece of the replies that is in the window, if they begin above it: what the reader reads stands there.
 * @param {Element} area
 */
function anchor(area) {
  const top = scroller(area)?.getBoundingClientRect().top;
  if (top === undefined || area.getBoundingClientRect().top >= top) {
    return null;
  }
  const pieces = [...area.querySelectorAll(BLOCKS)];
  const piece = pieces.find((one) => one.getBoundingClientRect().bottom > top && one.getClientRects().length);
  if (!piece) {
    return null;
  }
  const text = dense(piece.textContent ?? '');
  const number = alike(area, text).indexOf(piece);
  return { text, number, top: piece.getBoundingClientRect().top };
}

/**
 * Scroll so that the piece is where it was.
 * @param {Element} area
 * @param {NonNullable<Kept['anchor']>} wanted
 */
function hold(area, { text, number, top }) {
  const found = alike(area, text);
  const piece = found[number] ?? found[found.length - 1];
  const box = scroller(area);
  const moved = piece ? piece.getBoundingClientRect().top - top : 0;
  if (box && Math.abs(moved) > 1) {
    box.scrollTop += moved;
  }
}

/**
 * @param {Element} area
 * @param {string} text
 */
function alike(area, text) {
  return [...area.querySelectorAll(BLOCKS)].filter((one) => dense(one.textContent ?? '') === text);
}

/** @param {Element} area */
function scroller(area) {
  for (let box = area.parentElement; box; box = box.parentElement) {
    if (box.scrollHeight > box.clientHeight && /auto|scroll/.test(getComputedStyle(box).overflowY)) {
      return box;
    }
  }
  return null;
}
