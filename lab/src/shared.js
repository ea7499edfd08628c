// The packages that the page shares with its extensions.

/**
 * These packages, asked for one by one. One that is missing is no error here: whoever needs it says so.
 * @param {Scope} scope
 * @param {Iterable<string>} names
 * @returns {Promise<Partial<Packages>>}
 */
export async function packages(scope, names) {
  const found = await Promise.all(
    [...names].map(async (name) => {
      const one = newest(scope[name]);
      return one ? [[name, (await one.get())()]] : [];
    }),
  );
  return Object.fromEntries(found.flat());
}

/**
 * The version that the page has loaded, or else the newest.
 * @param {Shared | undefined} versions
 */
function newest(versions) {
  const names = Object.keys(versions ?? {}).sort(byVersion);
  const name = names.find((one) => versions?.[one]?.loaded) ?? names[0];
  return name === undefined ? undefined : versions?.[name];
}

/**
 * Orders versions, the newest first.
 * @param {string} one
 * @param {string} other
 */
function byVersion(one, other) {
  return other.localeCompare(one, undefined, { numeric: true });
}
