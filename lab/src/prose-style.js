// How prose looks: in the page's own font for text, and code in that for code. All colours are the theme's.

export const CLASS = 'zhipu-magic-prose';
export const [HEAD, CODE, INLINE, REFERENCE, UNKNOWN, QUIET] = /** @type {const} */ ([
  `${CLASS}-head`,
  `${CLASS}-code`,
  `${CLASS}-inline`,
  `${CLASS}-reference`,
  `${CLASS}-unknown`,
  `${CLASS}-quiet`,
]);

/**
 * Sizes are relative to the code's, which the user may have set: 14 to 13 pixels, as the page has them.
 * A magic has the colour of its options: the one of magics in Python is hard to read on dark pages.
 */
export const STYLE = `
.${CLASS} .cm-line { font-family: var(--jp-content-font-family); font-size: 1.077em; line-height: 1.6; }
.${CLASS} .cm-line:is(.${HEAD}, .${CODE}) { font-family: inherit; font-size: inherit; line-height: inherit; }
.${CLASS} .${HEAD} { --jp-mirror-editor-meta-color: var(--jp-mirror-editor-keyword-color); }
.${CLASS} .${HEAD} * { font-weight: normal; }
.${CLASS} .${HEAD}-last { padding-bottom: 4px; }
.${QUIET} { color: var(--jp-ui-font-color3) !important; font-weight: normal; }
.${INLINE}, .${REFERENCE} { font-family: var(--jp-code-font-family); font-size: 0.929em; }
.${REFERENCE}, .${REFERENCE} * { color: var(--jp-mirror-editor-variable-2-color) !important; text-decoration: none; }
.${UNKNOWN} { text-decoration: underline dotted var(--jp-warn-color1) 2px; text-underline-offset: 3px; }
.${CLASS} .cm-nonmatchingBracket { background: none !important; color: inherit !important; }
`;
