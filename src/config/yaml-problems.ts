/**
 * What is wrong with a YAML file, by the code of the parser, in words for a person. The parser's own sentences quote
 * the file, which holds secrets.
 */
const WORDS: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'an alias (*name) cannot have a tag or an anchor',
  BAD_ALIAS: 'an alias (*name) needs a name',
  BAD_COLLECTION_TYPE: 'the tag does not fit the kind of value',
  BAD_DIRECTIVE: 'a line that begins with % is no directive that YAML knows',
  BAD_DQ_ESCAPE:
    'an escape (\\…) in a double-quoted text is not valid: write the backslash twice, or use single quotes',
  BAD_INDENT: 'the indentation does not fit: keys of one group begin in the same column',
  BAD_PROP_ORDER: 'anchor and tag belong before the value',
  BAD_SCALAR_START: 'a text that begins with this character needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a nested group begins on a line of its own, below its key',
  BLOCK_IN_FLOW: 'a nested group cannot stand within [ ] or { }',
  DUPLICATE_KEY: 'a key stands twice',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters; is a quote missing?',
  MISSING_CHAR: 'a character is missing: a colon, a comma, a closing bracket or a closing quote',
  MULTIPLE_ANCHORS: 'a value has more than one anchor (&name)',
  MULTIPLE_TAGS: 'a value has more than one tag (!name)',
  MULTILINE_IMPLICIT_KEY: 'a key goes over several lines; is a colon or a quote missing?',
  MULTIPLE_DOCS: 'the file holds more than one document (---)',
  RESOURCE_EXHAUSTION: 'groups are nested too deeply',
  TAB_AS_INDENT: 'a tab is used for indentation: use spaces',
  TAG_RESOLVE_FAILED: 'a tag (!name) is not known',
  UNEXPECTED_TOKEN: 'something stands here that does not belong',
};

/** The words for one parser code. */
export function yamlProblem(code: string): string {
  return WORDS[code] ?? `it is no valid YAML (${code})`;
}
