import { posix } from 'node:path';
import ts from 'typescript';
import { read, sourceOf } from './sources.js';

/** A TypeScript or JavaScript file, parsed once for all checks of a test file. */
const parsed = new Map<string, ts.SourceFile>();

/** The syntax tree of a file. */
export function syntaxOf(path: string): ts.SourceFile {
  let file = parsed.get(path);
  if (file === undefined) {
    file = parse(path, read(path));
    parsed.set(path, file);
  }
  return file;
}

/** The syntax tree of a text that stands under `path`. */
export function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(
    path,
    text,
    ts.ScriptTarget.Latest,
    true,
    path.endsWith('.mjs') ? ts.ScriptKind.JS : undefined,
  );
}

/** A function and how long it is. */
export interface FunctionLength {
  /** `Class.method`, or the name of the function or of the variable that it is given to; `line 12` without one. */
  readonly name: string;
  /** Lines from its name to its closing brace. */
  readonly lines: number;
}

/** Every function of a file, methods and arrow functions among them. */
export function functionsOf(file: ts.SourceFile): FunctionLength[] {
  const found: FunctionLength[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const first = file.getLineAndCharacterOfPosition(node.getStart(file)).line;
      const last = file.getLineAndCharacterOfPosition(node.end).line;
      found.push({ name: functionName(node) ?? `line ${first + 1}`, lines: last - first + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function functionName(node: ts.SignatureDeclaration): string | undefined {
  const { parent } = node;
  const own =
    node.name ?? (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) ? parent.name : undefined);
  const name = ts.isConstructorDeclaration(node) ? 'constructor' : own?.getText();
  return name !== undefined && ts.isClassLike(parent) ? `${parent.name?.text ?? 'class'}.${name}` : name;
}

/** Lines of comments that are longer than `columns`, from 1. */
export function longCommentLines(text: string, columns: number): number[] {
  const isComment = (line: string): boolean => /^\s*(?:\/\/|\/\*|\*)/.test(line);
  return text.split('\n').flatMap((line, index) => (line.length > columns && isComment(line) ? [index + 1] : []));
}

/** The names that a file exports, in the order of the text; `*` for an `export *`. */
export function exportsOf(file: ts.SourceFile): string[] {
  return file.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause } = statement;
      if (exportClause === undefined) return ['*'];
      return ts.isNamedExports(exportClause)
        ? exportClause.elements.map(({ name }) => name.text)
        : [exportClause.name.text];
    }
    if (!ts.canHaveModifiers(statement) || !ts.getModifiers(statement)?.some(isExportKeyword)) return [];
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.flatMap(({ name }) => namesIn(name));
    const { name } = statement as ts.DeclarationStatement;
    return name === undefined ? [] : [name.text];
  });
}

function isExportKeyword({ kind }: ts.ModifierLike): boolean {
  return kind === ts.SyntaxKind.ExportKeyword;
}

function namesIn(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? namesIn(element.name) : []));
}

/**
 * What a file names of others, as `path#name`; `path#*` for all of it (`export *`, `import()`, a namespace that is
 * passed on).
 */
export function namedBy(file: ts.SourceFile): string[] {
  const found: string[] = [];
  const target = (specifier: ts.Node): string | undefined => {
    if (!ts.isStringLiteral(specifier) || !specifier.text.startsWith('.')) return undefined;
    const path = posix.join(posix.dirname(file.fileName), specifier.text);
    return sourceOf(path.replace(/^dist\//, ''));
  };
  const add = (specifier: ts.Node, names: readonly string[]): void => {
    const path = target(specifier);
    if (path !== undefined) found.push(...names.map((name) => `${path}#${name}`));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const bindings = node.importClause?.namedBindings;
      if (bindings !== undefined && ts.isNamedImports(bindings))
        add(
          node.moduleSpecifier,
          bindings.elements.map((one) => (one.propertyName ?? one.name).text),
        );
      else if (bindings !== undefined) add(node.moduleSpecifier, membersUsed(file, bindings.name.text));
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      const clause = node.exportClause;
      const isNamed = clause !== undefined && ts.isNamedExports(clause);
      add(node.moduleSpecifier, isNamed ? clause.elements.map((one) => (one.propertyName ?? one.name).text) : ['*']);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      if (node.arguments[0] !== undefined) add(node.arguments[0], ['*']);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, [node.qualifier?.getText(file) ?? '*']);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Members `x` of uses `space.x`; `*` when the namespace is used in another way. */
function membersUsed(file: ts.SourceFile, space: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && node.text === space && !ts.isNamespaceImport(node.parent)) {
      const { parent } = node;
      if (ts.isPropertyAccessExpression(parent) && parent.expression === node) found.push(parent.name.text);
      else if (ts.isQualifiedName(parent) && parent.left === node) found.push(parent.right.text);
      else found.push('*');
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/**
 * What a file defines: its functions, classes and constants by name, and the members of its classes as `Class.member`.
 */
export function definitionsIn(file: ts.SourceFile): string[] {
  return file.statements.flatMap((statement) => {
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.flatMap(({ name }) => namesIn(name));
    if (ts.isFunctionDeclaration(statement)) return statement.name === undefined ? [] : [statement.name.text];
    if (!ts.isClassDeclaration(statement) || statement.name === undefined) return [];
    const name = statement.name.text;
    return [
      name,
      ...statement.members.flatMap((member) =>
        member.name === undefined ? [] : [`${name}.${member.name.getText(file)}`],
      ),
    ];
  });
}
