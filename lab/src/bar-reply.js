// What is taken out of a reply and out of the kernel's state. Pure.

const FENCE = /^((?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*)(`{3,}|~{3,})(.*)$/;
const FIRST_WORD = /^[\s{.]*([^\s{},:;=]*)/;
const PYTHON = /^i?py(?:thon)?[23]?$/;
/** What begins a line of Python rather than of output or a shell. */
const STATEMENT = new RegExp(
  String.raw`^[ \t]*(?:import [\w.]+|from [\w.]+ import |(?:async )?(?:def|for|with) .*|class \w.*:|(?:if|while) .*:|` +
    String.raw`@\w|[\w.]+(?:\[.*?\])?[ \t]*[-+*/|&%]?=(?!=)|[\w.]+\(.*)`,
  'm',
);

/**
 * The words of a reply: of the outputs that say that they are one.
 * @param {Iterable<{ data: Record<string, any>, metadata: Record<string, any> }>} outputs
 * @returns {{ text: string, grows: boolean, asked: boolean }}
 */
export function replyIn(outputs) {
  const texts = [];
  let grows = false;
  let asked = false;
  for (const { data, metadata } of outputs) {
    if (metadata['zhipu_magic'] && typeof data['text/plain'] === 'string') {
      texts.push(data['text/plain']);
      grows ||= metadata['zhipu_magic'].growing === true;
      asked = true;
    }
    asked ||= String(data['text/html'] ?? '').includes('class="zhipu-magic-panel"');
  }
  return { text: texts.filter((text) => text.trim()).join('\n\n'), grows, asked };
}

/**
 * The reply's Python, as `%glm insert` takes it: the blocks so labelled, or else those that are plainly Python.
 * @param {string} text
 */
export function pythonIn(text) {
  const blocks = fences(text);
  const labelled = blocks.filter(({ language }) => PYTHON.test(language));
  const chosen = labelled.length ? labelled : blocks.filter(({ language, code }) => !language && STATEMENT.test(code));
  return chosen.map(({ code }) => code).join('\n\n');
}

/**
 * The fenced blocks of a text, also in lists and quotations. One that is not closed runs to the end.
 * @param {string} text
 */
function fences(text) {
  /** @type {{ language: string, code: string }[]} */
  const found = [];
  /** @type {{ fence: string, indent: number, quoted: boolean, language: string, lines: string[] } | null} */
  let open = null;
  const close = () => {
    if (open) {
      found.push({ language: open.language, code: open.lines.join('\n') });
    }
    open = null;
  };
  for (const line of text.split(/\r\n?|\n/)) {
    const match = FENCE.exec(line);
    const [, before = '', fence = '', info = ''] = match ?? [];
    if (!open) {
      if (match && !(fence[0] === '`' && info.includes('`'))) {
        const language = (FIRST_WORD.exec(info)?.[1] ?? '').toLowerCase();
        open = { fence, indent: before.length, quoted: before.includes('>'), language, lines: [] };
      }
    } else if (match && !info.trim() && !/[^\s>]/.test(before) && fence.startsWith(open.fence)) {
      close();
    } else {
      const inside = open.quoted ? line.replace(/^[ \t]*>/, (marks) => ' '.repeat(marks.length)) : line;
      open.lines.push(inside.replace(new RegExp(`^[ \\t]{0,${open.indent}}`), ''));
    }
  }
  close();
  return found;
}

/**
 * A name for a fork of a thread that no thread has and no cell gives.
 * @param {string} thread
 * @param {Iterable<string>} names
 * @param {Iterable<string>} sources
 */
export function freeName(thread, names, sources) {
  const taken = new Set(names);
  for (const source of sources) {
    for (const match of source.matchAll(/[%％]glm[ \t]+(?:fork|thread)[ \t]+(\S+)/g)) {
      taken.add(match[1] ?? '');
    }
  }
  const stem = thread.replace(/-\d{1,6}$/, '').slice(0, 40);
  let number = 2;
  while (taken.has(`${stem}-${number}`)) {
    number += 1;
  }
  return `${stem}-${number}`;
}

/**
 * @typedef {import('./page-cells.js').Turn} Turn
 * @typedef {import('./page-cells.js').State} State
 */

/**
 * The cell's newest turn; of the current thread, if it has one there.
 * @param {State | null} state
 * @param {string} cell
 * @returns {Turn | null}
 */
export function turnOf(state, cell) {
  const turns = (state?.turns ?? []).filter((turn) => turn.cell === cell);
  return newest(turns.filter((turn) => turn.thread === state?.thread)) ?? newest(turns);
}

/**
 * Whether `%glm continue` would go on with this turn.
 * @param {State | null} state
 * @param {Turn | null} turn
 */
export function goesOn(state, turn) {
  const here = (state?.turns ?? []).filter((one) => one.thread === state?.thread);
  return turn !== null && turn.cut && newest(here) === turn;
}

/**
 * @param {Turn[]} turns
 * @returns {Turn | null}
 */
function newest(turns) {
  return turns.reduce((/** @type {Turn | null} */ last, one) => (last && last.number > one.number ? last : one), null);
}
