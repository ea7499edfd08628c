// Icons that JupyterLab does not have, in the colour of what is around them.

const DRAWN = {
  'zhipu-magic:glm':
    '<path d="M4 4h16a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-8l-5 4v-4H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1z"/>' +
    '<path d="m7 8 3 2.5L7 13m5 0h5"/>',
  'zhipu-magic:fork':
    '<path d="M7 8v8m0-4c3 0 10 0 10-4"/><circle cx="7" cy="6" r="2.2"/><circle cx="17" cy="6" r="2.2"/>' +
    '<circle cx="7" cy="18" r="2.2"/>',
  'zhipu-magic:continue': '<path d="M4 7h10M4 12h6M4 17h10m3-9 4 4-4 4m4-4h-8"/>',
};

/** @typedef {keyof typeof DRAWN} Name */
/** @type {Map<string, import('@jupyterlab/ui-components').LabIcon>} */
const made = new Map();

/**
 * @param {Packages} packages
 * @param {Name} name
 */
export function icon(packages, name) {
  const { LabIcon } = packages['@jupyterlab/ui-components'];
  const style = 'fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"';
  const head = '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">';
  const svgstr = `${head}<g ${style}>${DRAWN[name]}</g></svg>`;
  const known = made.get(name) ?? new LabIcon({ name, svgstr });
  made.set(name, known);
  return known;
}
