// The settings of `%%glm` that a user may set for all notebooks. Pure.

export const TRAITS = /** @type {const} */ ([
  'model', 'system', 'temperature', 'stream', 'panel', 'rerun', 'timeout', 'max_retries', 'value_tokens',
  'tool_rounds', 'tool_calls', 'remote_images',
]);

/**
 * Those that the user has set. An empty field of the form is none.
 * @param {Record<string, any> | undefined} user
 * @returns {Record<string, any>}
 */
export function traitsSet(user) {
  const set = TRAITS.map((name) => [name, user?.[name]]);
  return Object.fromEntries(set.filter(([, value]) => value !== undefined && value !== null && value !== ''));
}
