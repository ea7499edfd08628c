// Which cell is for the model, and where its prompt begins: the rule of the kernel's `glm_cell`, line by line.

/** Python's blanks within a line, the wide one of a Chinese keyboard among them. */
const B = '[\\t\\v\\f\\x1c-\\x1f \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const DASH = '[-‐‑‒–—―−﹘﹣－⸺⸻]';
const ABOVE = new RegExp(`^${B}*(?:#|$)`);
const GLM = new RegExp(`^${B}*[%％]{2}glm(?=${B}|$|[?？]{1,2}${B}*$)`);
const AROUND = /^%%[\p{L}\p{N}_][\p{L}\p{N}_.]*(?=[ \t]|$)/u;
const GOES_ON = new RegExp(`(?<![\\\\＼])(?:\\\\\\\\)*[\\\\＼]${B}*$`);
const CELL_OPTION = new RegExp(`^${B}*#\\|`);
const LAST_CELL_OPTION = new RegExp(`^${B}*#\\|${B}*$`);
const COMMENT = new RegExp(`^${B}*#`);
const WORD = /"(?:[^"\\]|\\.)*"?|'[^']*'?|“[^”]*”?|「[^」]*」?|[^\s"'“「]+/gu;
const OPTION = new RegExp(`^${DASH}{1,2}\\p{L}[\\p{L}\\p{N}_-]*`, 'u');

/**
 * What stands above the prompt; null if the cell is not for the model.
 * @param {Iterable<string>} source The cell's lines.
 * @returns {Head | null}
 */
export function headOf(source) {
  /** @type {string[]} */
  const lines = [];
  /** @type {string[]} */
  const options = [];
  let place = 'above';
  for (const line of source) {
    if (place === 'above') {
      const glm = GLM.exec(line);
      if (!glm && !AROUND.test(line) && !ABOVE.test(line)) {
        return null;
      }
      if (glm) {
        options.push(line.slice(glm[0].length));
        place = GOES_ON.test(line.slice(glm[0].length)) ? 'options' : 'below';
      }
    } else if (place === 'options') {
      options.push(line);
      place = GOES_ON.test(line) ? place : 'below';
    } else if (place === 'below' && CELL_OPTION.test(line)) {
      place = LAST_CELL_OPTION.test(line) ? 'prompt' : place;
    } else {
      break;
    }
    lines.push(line);
  }
  if (place === 'above') {
    return null;
  }
  const goesOn = new RegExp(`[\\\\＼]${B}*$`);
  return { lines, options: options.map((one) => (GOES_ON.test(one) ? one.replace(goesOn, '') : one)).join(' ').trim() };
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
