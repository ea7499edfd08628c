// Whether a block of Markdown may use the definition of a link that stands in another. Pure.

/** What may begin a definition, whatever it stands in: its label, and the rest of the line. */
const DEFINES = /^[ \t>*+\-\d.)]*\[((?:[^[\]\\]|\\[^])+)\]:(.*)$/gm;
/** Words after a label: an address is one, and after it there is at most a title. */
const WORDS = /^[ \t]*(?:<[^<>]*>|[^\s<]\S*)[ \t]+[^\s"'(]/;
const LABEL = /\[((?:[^[\]\\]|\\[^])+)\]/g;

/**
 * @param {string[]} blocks Their words outside fences.
 */
export function shareLinks(blocks) {
  return blocks.some((words, index) => {
    const defined = [...words.matchAll(DEFINES)].filter(([, , rest = '']) => !WORDS.test(rest)).map(label);
    return defined.length > 0 && blocks.some((other, at) => at !== index && uses(other, new Set(defined)));
  });
}

/**
 * @param {string} words
 * @param {Set<string>} labels
 */
function uses(words, labels) {
  return [...words.matchAll(LABEL)].some((match) => labels.has(label(match)));
}

/** @param {RegExpMatchArray} match */
function label([, text = '']) {
  return text.trim().replace(/\s+/g, ' ').toLowerCase().toUpperCase();
}
