// The one place from which anything is said in the browser's console.

/** @type {Set<string>} */
const said = new Set();

/**
 * Say what is wrong with a part, once.
 * @param {string} part
 * @param {unknown} error
 */
export function complain(part, error) {
  const line = `zhipu_magic, ${part}: ${error instanceof Error ? error.message : String(error)}`;
  if (!said.has(line)) {
    said.add(line);
    console.warn(line);
  }
}

/**
 * The same function, whose errors are said in the console and break nothing; also those of a promise that it gives.
 * @template {unknown[]} A
 * @template R
 * @param {string} part
 * @param {(...given: A) => R} call
 * @returns {(...given: A) => R | undefined}
 */
export function guarded(part, call) {
  return (...given) => {
    try {
      const result = call(...given);
      if (result instanceof Promise) {
        result.catch((error) => complain(part, error));
      }
      return result;
    } catch (error) {
      complain(part, error);
      return undefined;
    }
  };
}
