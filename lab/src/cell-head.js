// Which cell is for the model, and where its prompt begins: the rule of the kernel's `glm_cell`, line by line. Pure.

/** Python's blanks within a line, the wide one of a Chinese keyboard among them. */
const B = '[\\t\\v\\f\\x1c-\\x1f \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const DASH = '[-‐‑‒–—―−﹘﹣－⸺⸻]';
const ABOVE = new RegExp(`^${B}*(?:#|$)`);
/** With a question mark behind it, it asks for help, as everywhere in IPython. */
const END = `(?=${B}|$|[?？]{1,2}${B}*$)`;
const GLM = new RegExp(`^${B}*[%％]{2}glm${END}`);
const OURS = new RegExp(`^${B}*[%％]{1,2}glm${END}`);
const AROUND = /^%%[\p{L}\p{N}_][\p{L}\p{N}_.]*(?=[ \t]|$)/u;
const GOES_ON = new RegExp(`(?:^|[^\\\\＼])(?:\\\\\\\\)*[\\\\＼]${B}*$`);
const LAST_BACKSLASH = new RegExp(`[\\\\＼]${B}*$`);
const CELL_OPTION = new RegExp(`^${B}*#\\|`);
const LAST_CELL_OPTION = new RegExp(`^${B}*#\\|${B}*$`);
const COMMENT = new RegExp(`^${B}*#`);
const WORD = /"(?:[^"\\]|\\.)*"?|'[^']*'?|“[^”]*”?|「[^」]*」?|[^\s"'“「]+/gu;
const OPTION = new RegExp(`^${DASH}{1,2}\\p{L}[\\p{L}\\p{N}_-]*`, 'u');

/**
 * Whether code of this kind is Python, the only one that has cells for the model.
 * @param {string | undefined} mimeType
 */
export function isPython(mimeType = '') {
  return /^text\/x-i?python$/.test(mimeType);
}

/**
 * What stands above the prompt; null if the cell is not for the model.
 * @param {Iterable<string>} source The cell's lines.
 * @returns {Head | null}
 */
export function headOf(source) {
  /** @type {Head} */
  const head = { lines: [], first: 0, below: 0, options: '', isHelp: false };
  let place = 'above';
  for (const line of source) {
    const glm = place === 'above' && GLM.exec(line);
    const options = glm ? line.slice(glm[0].length) : line;
    if (glm) {
      head.first = head.lines.length;
      head.isHelp = /^[?？]/.test(options);
    }
    if (glm || place === 'options') {
      const goesOn = GOES_ON.test(options);
      head.options += goesOn ? `${options.replace(LAST_BACKSLASH, '')} ` : options;
      head.below = head.lines.length + 1;
      place = goesOn ? 'options' : 'below';
    } else if (place === 'above') {
      if (!isAbove(line)) {
        return null;
      }
    } else if (place === 'below' && CELL_OPTION.test(line)) {
      place = LAST_CELL_OPTION.test(line) ? 'prompt' : place;
    } else {
      break;
    }
    head.lines.push(line);
  }
  return place === 'above' ? null : { ...head, options: head.options.trim() };
}

/**
 * Where the options of a cell that asks begin and end, with `%%glm` and with the end of their line; null if it does not
 * ask. One that asks for help does not.
 * @param {string} source
 * @returns {{ start: number, end: number } | null}
 */
export function askingLine(source) {
  const pieces = source.split(/(\r\n?|\n)/); // each line, and what ends it
  const head = headOf(pieces.filter((_, at) => at % 2 === 0));
  if (!head || head.isHelp) {
    return null;
  }
  const upTo = (/** @type {number} */ lines) => pieces.slice(0, 2 * lines).join('').length;
  return { start: upTo(head.first), end: upTo(head.below) };
}

/**
 * Whether a cell is for the model, or begins with a command of ours.
 * @param {string} source
 */
export function isOurs(source) {
  const first = source.split(/\r\n?|\n/).find((line) => OURS.test(line) || !isAbove(line));
  return first !== undefined && OURS.test(first);
}

/**
 * Whether a line may stand above `%%glm`.
 * @param {string} line
 */
function isAbove(line) {
  return AROUND.test(line) || ABOVE.test(line);
}

/**
 * The words of a line above the prompt that are more than a value.
 * @param {string} line
 * @returns {{ from: number, to: number, kind: 'magic' | 'option' | 'comment' }[]}
 */
export function wordsOf(line) {
  if (COMMENT.test(line)) {
    return [{ from: 0, to: line.length, kind: 'comment' }];
  }
  const magic = GLM.exec(line) ?? AROUND.exec(line);
  /** @type {ReturnType<typeof wordsOf>} */
  const found = magic ? [{ from: magic[0].search(/[%％]/), to: magic[0].length, kind: 'magic' }] : [];
  WORD.lastIndex = magic ? magic[0].length : 0;
  for (let word = WORD.exec(line); word; word = WORD.exec(line)) {
    const option = /\S$/.test(line.slice(0, word.index)) ? null : OPTION.exec(word[0]);
    if (option && (!magic || GLM.test(line))) {
      found.push({ from: word.index, to: word.index + option[0].length, kind: 'option' });
    }
  }
  return found;
}

/**
 * Whether the options have this one.
 * @param {string} options
 * @param {string} name
 */
export function hasOption(options, name) {
  return wordsOf(options).some(({ from, to }) => options.slice(from, to).replace(/^[^\p{L}]+/u, '') === name);
}
