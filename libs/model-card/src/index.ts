export { composeCard, type ModelCard, modelCardSchema, renderJson } from "./card.ts";
export { renderMarkdown } from "./render-markdown.ts";
