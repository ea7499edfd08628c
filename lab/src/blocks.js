// Splits Markdown into blocks, each of which renders alone as it does in the whole. Where that is not certain, what
// follows stays in one block: rendering it whole is slower, and never wrong. Pure.

import { shareLinks } from './links.js';

/** What the page puts in the place of mathematics. */
const PLACEHOLDER = /@@\d+@@/;
const BLANK = /^[ \t]*$/;
const ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/;
const QUOTE = /^ {0,3}>/;
const FENCE = /^([ \t]*(?:(?:[-*+>]|\d{1,9}[.)])[ \t]*)*)(`{3,}|~{3,})(.*)$/;
const CODE_SPAN = /(?<!`)(`+)(?!`)[^]*?[^`]\1(?!`)/g;
const ADDRESS = /<[a-z][a-z\d+.-]*:[^\s<>]*>|<[^\s<>@]+@[^\s<>@]+>/gi;
const TAG = /<(\/?)([a-z][a-z\d-]*)(?![a-z\d-])(?:"[^"]*"|'[^']*'|[^'"<>])*?(\/?)>/gi;
const ROW = /^ {0,3}\|/;
const VOID = new Set(['area', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'source', 'wbr']);
/** What may hold anything, or reaches over blank lines. */
const RAW = /<(?:!|\?|\/?(?:script|style|textarea|title|xmp|iframe|noembed|noframes|plaintext|template)\b)/i;
const DELIMITERS = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
/** Places at which elements are still open, before the rest is taken for one block. */
const MOST_OPEN = 20;

/**
 * The blocks of a text; together they are the text.
 * @param {string} source
 * @returns {string[]}
 */
export function blocks(source) {
  const found = PLACEHOLDER.test(source) ? null : split(source);
  if (!found || shareLinks(found.map(({ words }) => words))) {
    return [source];
  }
  return found.map(({ start }, index) => source.slice(start, found[index + 1]?.start));
}

/**
 * The blocks; null if there is something whose end is not certain.
 * @param {string} source
 * @returns {Block[] | null}
 */
function split(source) {
  let block = new Block(0);
  const found = [block];
  let open = 0;
  let wasBlank = false;
  for (let at = 0; at < source.length; ) {
    const next = source.indexOf('\n', at) + 1 || source.length;
    const line = source.slice(at, next).replace(/\r?\n$/, '');
    const isBlank = BLANK.test(line);
    if (wasBlank && !isBlank && open < MOST_OPEN && block.endsBefore(line)) {
      if (block.isBalanced) {
        block = new Block(at);
        found.push(block);
      } else {
        open += 1;
      }
    }
    if (!block.take(line)) {
      return null;
    }
    wasBlank = isBlank;
    at = next;
  }
  return found;
}

class Block {
  /** @param {number} start */
  constructor(start) {
    this.start = start;
  }

  /** The words outside fences. */
  words = '';
  hasItems = false;
  hasQuotes = false;
  /** @type {{ mark: string, indent: number } | null} */
  fence = null;

  /**
   * Whether this line, after a blank one, begins another block, if all elements are closed.
   * @param {string} line
   */
  endsBefore(line) {
    const goesOn = /^[ \t]/.test(line) || (this.hasItems && ITEM.test(line)) || (this.hasQuotes && QUOTE.test(line));
    return !this.fence && !goesOn;
  }

  get isBalanced() {
    const words = this.words.replace(CODE_SPAN, '').replace(ADDRESS, '');
    if (RAW.test(words)) {
      return false;
    }
    let depth = 0;
    const rest = words.replace(TAG, (_tag, closes, name, closed) => {
      if (!closed && !VOID.has(name.toLowerCase())) {
        depth += closes ? -1 : 1;
      }
      return '';
    });
    return depth === 0 && !/<[a-z/]/i.test(rest);
  }

  /**
   * Take a line in. Returns whether it is certain what it does.
   * @param {string} line
   */
  take(line) {
    const found = FENCE.exec(line);
    const [, before = '', mark = '', info = ''] = found ?? [];
    if (this.fence) {
      if (!mark.startsWith(this.fence.mark) || info.trim()) {
        return true;
      }
      // whether a fence that is followed by a tab ends there, parsers do not agree
      if (info.includes('\t') || (this.fence.indent && before.length < this.fence.indent)) {
        return false;
      }
      if (this.fence.indent || /^ {0,3}$/.test(before)) {
        this.fence = null;
      }
      return true;
    }
    this.hasItems ||= ITEM.test(line);
    this.hasQuotes ||= QUOTE.test(line);
    if (found && !(mark.startsWith('`') && info.includes('`'))) {
      this.fence = { mark, indent: before.length };
      return before === '' || this.hasItems || this.hasQuotes;
    }
    this.words += `${line}\n`;
    return true;
  }
}

/**
 * The code of a block that is a fence and nothing else, closed or not, in a language with a plain name.
 * @param {string} block
 * @returns {{ language: string, code: string } | null}
 */
export function fenced(block) {
  const [first = '', ...lines] = block.trimEnd().split('\n');
  const [, mark = '', language = ''] = /^(`{3,}|~{3,})[ \t]*([\w+#.-]*)(?:[ \t][^`]*)?$/.exec(first) ?? [];
  if (!mark) {
    return null;
  }
  const end = lines.findIndex((line) => line.startsWith(mark) && !line.replaceAll(mark.charAt(0), '').trim());
  if (end >= 0 && (end < lines.length - 1 || block.includes('\t\n'))) {
    return null;
  }
  return { language, code: lines.slice(0, end < 0 ? undefined : end).join('\n') };
}

/**
 * The rows that a table has more than it had: a table of those alone, and how many rows of the old one stay.
 * @param {string} before
 * @param {string} after
 * @returns {{ table: string, kept: number } | null}
 */
export function moreRows(before, after) {
  const old = before.trimEnd().split('\n');
  const lines = after.trimEnd().split('\n');
  const kept = old.length - 1;
  if (kept < 3 || lines.length < kept || !old[0]?.includes('|') || !DELIMITERS.test(old[1] ?? '')) {
    return null;
  }
  const goesOn = old.every((line, index) => index === kept || line === lines[index]);
  if (!goesOn || !lines.every((line) => ROW.test(line))) {
    return null;
  }
  return { table: [...lines.slice(0, 2), ...lines.slice(kept)].join('\n'), kept: kept - 2 };
}
