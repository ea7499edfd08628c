// Where `{{ references }}` are in a prompt: the rule of the kernel's `braces`. Code and mathematics hold none.

const BRACES = /(?<!\{)\{\{(?!\{)([^{}\n]*)\}\}/g;
const INLINE = String.raw`(?<![\\$])\$(?!\s|\{\{)(?:[^$\n\\]|\\.)+?(?<!\s)\$(?!\d)`;
const MATHEMATICS = new RegExp(
  String.raw`\$\$|\\\(|\\\[|\\begin\{([A-Za-z]+\*?)\}|${INLINE}|[\^_]\{\{[^{}\n]*\}\}`,
  'gs',
);
const COMMAND = /\\[A-Za-z]+\*?(?:\[[^[\]\n]*\])*(?:\{\{[^{}\n]*\}\}|\{[^{}\n]*\})+/g;
const CLOSING = /** @type {Record<string, string>} */ ({ $$: '$$', '\\(': '\\)', '\\[': '\\]' });
/** What is an expression at first sight; the kernel knows for sure. */
const EXPRESSION = /^[ \t]*(?:[\p{L}_][\p{L}\p{N}_]*[ \t]*(?:[.[|].*)?|Path\((["']).*\1\)[ \t]*(?:\|.*)?)$/u;
/** Where a bar is a character. */
const QUOTED = /"[^"]*"|'[^']*'/g;
/** Where names, attributes or keys come next. */
const OPENED = /(?:^|[^{}A-Za-z^_$\\])\{\{(?: ?|[ \t]*[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}\p{N}_]+|\[[^\]]*\])*[.[])$/u;

/**
 * @param {string} text
 * @param {Span[]} code Where its code is.
 * @returns {(Span & { inside: string })[]}
 */
export function references(text, code) {
  const found = [...text.matchAll(BRACES)].filter((one) => isOne(one[1] ?? ''));
  if (!found.length) {
    return [];
  }
  const inCode = covering(code);
  const formulas = mathematics(text).filter(({ from }) => !inCode(from, from + 1));
  const inFormulas = covering(formulas);
  const commands = [...text.matchAll(COMMAND)]
    .map((one) => ({ from: one.index, to: one.index + one[0].length }))
    .filter(({ from }) => !inCode(from, from + 1) && !inFormulas(from, from + 1));
  const inCommands = covering(commands);
  return found
    .map((one) => ({ from: one.index, to: one.index + one[0].length, inside: (one[1] ?? '').trim() }))
    .filter(({ from, to }) => ![inCode, inFormulas, inCommands].some((covers) => covers(from, to)));
}

/**
 * Whether this may be a reference. `a || b` is a choice, as other languages write it.
 * @param {string} inside
 */
function isOne(inside) {
  return EXPRESSION.test(inside) && !inside.replace(QUOTED, '').includes('||');
}

/**
 * Tells whether one of the spans is in a place. They stand one after the other.
 * @param {Span[]} spans
 */
function covering(spans) {
  return (/** @type {number} */ from, /** @type {number} */ to) => {
    let [low, high] = [0, spans.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      [low, high] = (spans[middle]?.to ?? 0) <= from ? [middle + 1, high] : [low, middle];
    }
    return (spans[low]?.from ?? Infinity) < to;
  };
}

/**
 * Whether a name can be completed here, at the end of an open reference.
 * @param {string} before The line up to the cursor.
 */
export function isOpen(before) {
  return OPENED.test(before);
}

/**
 * Where formulas are. One that is not closed does not count.
 * @param {string} text
 */
function mathematics(text) {
  const found = [];
  /** @type {Set<string>} What does not come again. */
  const missing = new Set();
  const find = (/** @type {string} */ closing) => {
    const place = missing.has(closing) ? -1 : text.indexOf(closing, MATHEMATICS.lastIndex);
    if (place === -1) {
      missing.add(closing);
    }
    return place;
  };
  MATHEMATICS.lastIndex = 0;
  for (let match = MATHEMATICS.exec(text); match; match = MATHEMATICS.exec(text)) {
    const closing = match[1] ? `\\end{${match[1]}}` : CLOSING[match[0]];
    const end = closing ? find(closing) : MATHEMATICS.lastIndex;
    if (end === -1) {
      MATHEMATICS.lastIndex = match.index + 1;
    } else {
      MATHEMATICS.lastIndex = end + (closing ?? '').length;
      found.push({ from: match.index, to: MATHEMATICS.lastIndex });
    }
  }
  return found;
}
