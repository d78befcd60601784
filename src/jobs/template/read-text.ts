import { type Item, placeIn, readText, type Text, type TextRule } from './group.js';
import { placeholderProblems, type TextScope } from './placeholders.js';
import type { Problems } from './problems.js';

/** Reads a text with placeholders, and tells every one that there is not, or not here. */
export function readTemplateText(item: Item, rule: TextRule, scope: TextScope, problems: Problems): Text | undefined {
  const text = readText(item, rule, problems);
  if (text !== undefined) checkPlaceholders(text, scope, problems);
  return text;
}

/** Tells every placeholder of a text that there is not, or not here. */
export function checkPlaceholders(text: Text, scope: TextScope, problems: Problems): void {
  for (const { offset, ...words } of placeholderProblems(text.text, scope)) {
    problems.add('ERR_JOB_TEMPLATE_PLACEHOLDER', placeIn(text, offset), text.path, words);
  }
}
