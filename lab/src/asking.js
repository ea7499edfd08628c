// Which cells ask, by their source. Pure.

const BLANK = '[^\\S\\r\\n]';
/** What may stand above the line: blank lines, comments, and magics that run the cell below them. */
const ABOVE = `(?:${BLANK}*(?:#[^\\r\\n]*)?(?:\\r\\n?|\\n)|%%\\w[\\w.]*(?:[ \\t][^\\r\\n]*)?(?:\\r\\n?|\\n))*`;
const GLM = new RegExp(`^(${ABOVE}?)(${BLANK}*[%％]{2}glm)(?=\\s|$)`);
/** A line of options, and those in which it goes on. */
const OPTIONS = /^(?:[^\r\n]*\\[^\S\r\n]*(?:\r\n?|\n))*[^\r\n]*(?:\r\n?|\n|$)/;

/**
 * Where the line that asks begins and ends, with its end; null if the cell does not ask.
 * @param {string} source
 * @returns {{ start: number, end: number } | null}
 */
export function askingLine(source) {
  const found = GLM.exec(source);
  if (!found) {
    return null;
  }
  const start = (found[1] ?? '').length;
  return { start, end: start + (OPTIONS.exec(source.slice(start))?.[0].length ?? 0) };
}
