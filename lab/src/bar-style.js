// What the bar and the copy buttons look like: with the page's own colours, and not on paper.

export const STYLE = `
.jp-Cell-outputWrapper:has(> .zhipu-magic-bar) { position: relative; }
.zhipu-magic-bar {
  position: sticky; bottom: 0; align-self: flex-end; width: 0; height: 0; z-index: 3;
  & > div {
    position: absolute; right: 4px; bottom: 1px; display: flex; gap: 1px; padding: 1px; border-radius: 4px;
    background: var(--jp-layout-color1); border: 1px solid var(--jp-border-color2); opacity: 0; pointer-events: none;
  }
  .jp-Cell:is(:hover, :focus-within) > * > & > div, &.zhipu-magic-runs > div { opacity: 1; pointer-events: auto; }
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
  & button { position: absolute; right: 2px; top: 2px; background: var(--jp-layout-color1); opacity: 0; }
  pre:hover > & button, & button:focus-visible { opacity: 1; }
}
.zhipu-magic-said { position: fixed; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (hover: none) { .zhipu-magic-code button { opacity: 1; } }
@media print { .zhipu-magic-bar, .zhipu-magic-code { display: none; } }
`;
