// Reads a JSON list of Markdown texts, and writes what front ends make of each as HTML.
import { readFileSync } from "node:fs";
import katex from "@vscode/markdown-it-katex";
import MarkdownIt from "markdown-it";
import { marked } from "marked";

const vscode = new MarkdownIt({ html: true, linkify: true });
vscode.linkify.set({ fuzzyLink: false });
vscode.use(katex.default ?? katex, { enableBareBlocks: true, globalGroup: true, output: "mathml", throwOnError: false });

/** Mathematics as JupyterLab takes it out of the Markdown, before anything else is read. */
function withoutMathematics(markdown) {
  const formulas = [];
  let text = markdown;
  if (/`|~~~/.test(text)) {
    const hidden = (code) => code.replaceAll("$", "~D");
    text = text
      .replaceAll("~", "~T")
      .replace(/^(?<fence>`{3,}|(~T){3,})[^`\n]*\n([\s\S]*?)^\k<fence>`*$/gm, hidden)
      .replace(/(^|[^\\])(`+)([^\n]*?[^`\n])\2(?!`)/gm, hidden);
  }
  const shown = (part) => part.replace(/~([TD])/g, (_, sign) => (sign === "T" ? "~" : "$"));
  const restored = /`|~~~/.test(markdown) ? shown : (part) => part;
  const parts = text.split(/(\$\$?|\\(?:begin|end)\{[a-z]*\*?\}|\\[{}$]|[{}]|(?:\n\s*)+|@@\d+@@|\\\\(?:\(|\)|\[|\]))/i);
  let start = null, end = null, last = null, braces = 0;
  const take = (until) => {
    const formula = parts.slice(start, until + 1).join("");
    formulas.push(restored(formula.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")));
    parts.fill("", start, until + 1);
    parts[start] = `@@${formulas.length - 1}@@`;
    start = end = last = null;
    braces = 0;
  };
  for (let at = 1; at < parts.length; at += 2) {
    const part = parts[at];
    if (start === null) {
      if (part === "$" || part === "$$") [start, end, braces] = [at, part, 0];
      else if (part === "\\\\(" || part === "\\\\[") [start, end, braces] = [at, part === "\\\\(" ? "\\\\)" : "\\\\]", 0];
      else if (part.startsWith("\\begin")) [start, end, braces] = [at, part.replace("begin", "end"), 0];
    } else if (part === end) {
      if (braces) last = at;
      else take(at);
    } else if (/\n.*\n/.test(part)) {
      if (last !== null) { at = last; take(last); }
      start = end = last = null;
      braces = 0;
    } else if (part === "{") braces++;
    else if (part === "}" && braces) braces--;
  }
  if (start !== null && last !== null) take(last);
  return [restored(parts.join("")), formulas];
}

function jupyterlab(markdown) {
  const [text, formulas] = withoutMathematics(markdown);
  return marked.parse(text, { gfm: true }).replace(/@@(\d+)@@/g, (_, number) => formulas[number]);
}

const texts = JSON.parse(readFileSync(0, "utf8"));
const made = { vscode: (text) => vscode.render(text), marked: (text) => marked.parse(text, { gfm: true }), jupyterlab };
const pages = Object.fromEntries(Object.entries(made).map(([name, render]) => [name, texts.map(render)]));
process.stdout.write(JSON.stringify(pages));
