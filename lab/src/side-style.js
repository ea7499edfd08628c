// What the side panel looks like: with the page's own colours.

export const STYLE = `
.zhipu-magic-side {
  display: flex; flex-direction: column; gap: 12px; padding: 12px 8px; overflow: hidden auto; box-sizing: border-box;
  min-width: 180px; background: var(--jp-layout-color1); color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family); font-size: var(--jp-ui-font-size1); line-height: 1.45;
  & h2 { margin: 0 4px 4px; font-size: inherit; font-weight: 600; }
  & p { margin: 0 4px; color: var(--jp-ui-font-color2); overflow-wrap: anywhere; }
  & select {
    width: 100%; padding: 4px; border: 1px solid var(--jp-border-color1); border-radius: 3px; font: inherit;
    background: var(--jp-layout-color1); color: inherit;
  }
  & .zhipu-magic-act {
    align-self: flex-start; margin: 4px 4px 0; padding: 3px 10px; border: 1px solid var(--jp-border-color1);
    border-radius: 3px; background: var(--jp-layout-color2); color: inherit; font: inherit; cursor: pointer;
    &:hover { background: var(--jp-layout-color3); }
  }
  & ol { list-style: none; margin: 0; padding: 0; }
  & li { content-visibility: auto; contain-intrinsic-size: auto 44px; }
  & li button {
    display: grid; grid-template-columns: max-content 1fr; column-gap: 8px; width: 100%; padding: 4px; border: 0;
    border-radius: 3px; background: transparent; color: inherit; font: inherit; text-align: start; cursor: pointer;
    &[aria-disabled=true] { cursor: default; color: var(--jp-ui-font-color2); }
    &:hover:not([aria-disabled=true]) { background: var(--jp-layout-color2); }
  }
  & :focus-visible { outline: 2px solid var(--jp-brand-color1); outline-offset: -2px; }
  & li span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  & .zhipu-magic-faint { color: var(--jp-ui-font-color2); font-variant-numeric: tabular-nums; }
  & .zhipu-magic-below {
    grid-column: 2; font-size: var(--jp-ui-font-size0);
    &, & span { white-space: normal; }
  }
  & .zhipu-magic-mark { color: var(--jp-warn-color0); font-weight: 600; }
  & progress { width: calc(100% - 8px); margin: 0 4px; accent-color: var(--jp-brand-color1); }
  & dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 12px; margin: 0 4px; }
  & dt { color: var(--jp-ui-font-color2); }
  & dd { margin: 0; overflow-wrap: anywhere; }
  & [hidden] { display: none; }
}
`;
