// What the bar and the copy buttons look like: with the page's own colours, and not on paper.
//
// The bar covers nothing. At a reply that is high enough it stands upright in the right margin, where it stays in
// sight; at a shorter one it lies at the end of the panel's last line, which leaves room for it, or else below the
// words.
//
// Code of a reply leaves room for its button at the end of each line, also before it is there, so that no line is
// broken anew; and since its lines are broken, nothing but the button is higher than a single one. In replies side by
// side, whose columns are narrow, code is scrolled instead of broken in mid-word.

export const STYLE = `
.zhipu-magic-bar {
  position: absolute; inset: 0 -6px -5px auto; width: 26px; display: flex; flex-direction: column;
  justify-content: flex-end; align-items: flex-end; container-type: size; pointer-events: none; z-index: 3;
  & > div {
    position: sticky; bottom: 0; display: flex; gap: 1px; border-radius: 4px; opacity: 0;
    background: var(--jp-layout-color1); border: 1px solid var(--jp-border-color2);
    @container (height >= 140px) { flex-direction: column; bottom: 2px; margin-bottom: 6px; }
  }
  .jp-Cell:is(:hover, :focus-within) > * > & > div, &.zhipu-magic-runs > div { opacity: 1; pointer-events: auto; }
}
.jp-Cell-outputWrapper .zhipu-magic-panel details:not([open]) > summary::after {
  content: ''; display: inline-block; width: 130px; height: 1px;
}
.jp-Cell-outputWrapper:has(> .zhipu-magic-bar) {
  position: relative;
  & .jp-RenderedText, & .zhipu-magic-panel:not(:has(summary)) { padding-inline-end: 24px; }
  &:has(> .zhipu-magic-bar button + button):not(:has(:nth-last-child(1 of .jp-OutputArea-child) .zhipu-magic-panel)) {
    padding-bottom: 24px;
  }
}
.zhipu-magic-bar button, .zhipu-magic-code button {
  display: flex; align-items: center; justify-content: center; width: 24px; height: 24px; padding: 0; border: 0;
  border-radius: 3px; background: transparent; color: var(--jp-ui-font-color2); cursor: pointer;
  &:hover { background: var(--jp-layout-color2); }
  &:focus-visible { outline: 2px solid var(--jp-brand-color1); outline-offset: -2px; }
  & svg { width: 16px; height: 16px; display: block; }
}
.zhipu-magic-code {
  position: sticky; left: 0; height: 0; user-select: none; white-space: normal; z-index: 1;
  pre:has(> &) { overflow: visible; }
  & button { position: absolute; right: -26px; top: -2px; background: var(--jp-layout-color1); opacity: 0; }
  pre:hover > & button, & button:focus-visible { opacity: 1; }
}
.jp-OutputArea-output.jp-RenderedMarkdown {
  & pre { padding-inline-end: 28px; }
  & .zhipu-magic-column pre {
    overflow: auto hidden; white-space: pre; word-break: normal; min-height: 24px;
    & code { white-space: pre; }
    & .zhipu-magic-code button { top: 0; }
  }
}
.zhipu-magic-said { position: fixed; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (hover: none) { .zhipu-magic-code button { opacity: 1; } }
@media print { .zhipu-magic-bar, .zhipu-magic-code { display: none; } }
`;
