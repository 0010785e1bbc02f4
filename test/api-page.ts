import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** `npm run docs:api`: docs/api.md from the doc comments of what api/index.ts exports. */
const ROOT = join(import.meta.dirname, '..');
const ENTRY = join(ROOT, 'api', 'index.ts');
const PAGE = join(ROOT, 'docs', 'api.md');

const TYPE_FLAGS =
  ts.TypeFormatFlags.NoTruncation |
  ts.TypeFormatFlags.InTypeAlias |
  ts.TypeFormatFlags.UseSingleQuotesForStringLiteralType;

/** The page as it stands in the repository. */
export const currentPage = (): string => readFileSync(PAGE, 'utf8');

/** The page as the doc comments have it. */
export function renderPage(): string {
  const { config } = ts.readConfigFile(join(ROOT, 'api', 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(ROOT, 'api'));
  const program = ts.createProgram([ENTRY], { ...options, composite: false, incremental: false, noEmit: true });
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(ENTRY);
  const entry = file && checker.getSymbolAtLocation(file);
  if (file === undefined || entry === undefined) throw new Error(`${ENTRY} is no module`);
  const exported = checker
    .getExportsOfModule(entry)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
  const names = new Set(exported.map(({ name }) => name));
  const page = new Page(checker);
  const functions = exported.filter(({ flags }) => flags & ts.SymbolFlags.Function);
  const others = exported.filter((symbol) => !functions.includes(symbol));
  const byName = (a: ts.Symbol, b: ts.Symbol) => (a.name < b.name ? -1 : 1);
  const sections = [
    '# API',
    '<!-- Made from doc comments by `npm run docs:api`; edit those. -->',
    introduction(file),
    '## Functions',
    ...functions.sort(byName).map((symbol) => page.functionOf(symbol)),
    '## Types',
    ...others.sort(byName).map((symbol) => page.typeOf(symbol)),
  ];
  const unknown = [...page.named].filter((name) => !names.has(name)).sort();
  if (unknown.length > 0) throw new Error(`api/index.ts uses types that it does not export: ${unknown.join(', ')}`);
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** The comment that the entry begins with. */
function introduction(file: ts.SourceFile): string {
  const [comment = ''] = /^\/\*\*[\s\S]*?\*\//.exec(file.text) ?? [];
  return paragraph(comment.replace(/^\/\*\*|\*\/$|^ \*(?!\/)/gm, ''));
}

const paragraph = (text: string) => text.replace(/\s+/g, ' ').trim();

class Page {
  /** Types of ours that what was rendered mentions. */
  readonly named = new Set<string>();
  readonly #checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  functionOf(symbol: ts.Symbol): string {
    const declaration = symbol.declarations?.find(ts.isFunctionDeclaration);
    if (declaration === undefined) throw new Error(`${symbol.name} has no declaration`);
    const signature = `function ${symbol.name}${this.#signature(declaration)}`;
    return [`### ${symbol.name}`, code(signature), this.#about(symbol)].filter(Boolean).join('\n\n');
  }

  typeOf(symbol: ts.Symbol): string {
    const type = this.#checker.getDeclaredTypeOfSymbol(symbol);
    const own = (member: ts.Symbol) => member.declarations?.some((node) => !isForeign(node)) ?? false;
    const members = type.isUnion() ? [] : this.#checker.getPropertiesOfType(type).filter(own);
    const body =
      members.length > 0 ? members.map((member) => this.#member(member)).join('\n') : code(this.#union(symbol, type));
    return [`### ${symbol.name}`, this.#about(symbol), body].filter(Boolean).join('\n\n');
  }

  /** An item of a list: what is written in the code, and what its comment says. */
  #member(symbol: ts.Symbol): string {
    const about = this.#about(symbol);
    return `- \`${this.#declared(symbol)}\`${about === '' ? '' : `: ${about.replace(/\n+/g, ' ')}`}`;
  }

  #declared(symbol: ts.Symbol): string {
    // A type made from another, as by Omit, has the declarations of that one.
    const node = symbol.declarations?.[0];
    if (node !== undefined && ts.isMethodSignature(node)) return `${symbol.name}${this.#signature(node)}`;
    const mark = symbol.flags & ts.SymbolFlags.Optional ? '?' : '';
    const isWritten = node !== undefined && (ts.isPropertySignature(node) || ts.isPropertyDeclaration(node));
    const type = isWritten && node.type !== undefined ? this.#written(node.type) : this.#inferred(symbol);
    return `${symbol.name}${mark}: ${type}`;
  }

  /** The type of a field that a schema gives. */
  #inferred(symbol: ts.Symbol): string {
    const text = this.#checker.typeToString(this.#checker.getTypeOfSymbol(symbol), undefined, TYPE_FLAGS);
    return paragraph(symbol.flags & ts.SymbolFlags.Optional ? text.replace(/ \| undefined$/, '') : text);
  }

  #signature(node: ts.SignatureDeclaration): string {
    const parameters = node.parameters.map((parameter) => {
      const name = ts.isIdentifier(parameter.name) ? parameter.name.text : 'options';
      const mark = parameter.questionToken || parameter.initializer ? '?' : '';
      return `${name}${mark}: ${parameter.type === undefined ? 'unknown' : this.#written(parameter.type)}`;
    });
    return `(${parameters.join(', ')}): ${node.type === undefined ? 'void' : this.#written(node.type)}`;
  }

  /** A type as the code has it; types of ours in it are remembered. */
  #written(node: ts.TypeNode): string {
    const visit = (inner: ts.Node): void => {
      if (ts.isTypeReferenceNode(inner)) {
        const symbol = this.#checker.getSymbolAtLocation(inner.typeName);
        const target = symbol && symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
        if (target?.declarations?.some((declaration) => !isForeign(declaration))) this.named.add(target.name);
      }
      ts.forEachChild(inner, visit);
    };
    visit(node);
    return paragraph(node.getText());
  }

  /** The members of a union, a line each; anything else as it is. */
  #union(symbol: ts.Symbol, type: ts.Type): string {
    const parts = type.isUnion() ? type.types : [type];
    const texts = parts.map((part) => this.#checker.typeToString(part, undefined, TYPE_FLAGS));
    return texts.length === 1
      ? `type ${symbol.name} = ${texts[0]}`
      : [`type ${symbol.name} =`, ...texts.map((text) => `  | ${text}`)].join('\n');
  }

  #about(symbol: ts.Symbol): string {
    const text = paragraph(ts.displayPartsToString(symbol.getDocumentationComment(this.#checker)));
    const tags = symbol
      .getJsDocTags(this.#checker)
      .filter(({ name }) => name === 'throws')
      .map((tag) => `Throws ${paragraph(ts.displayPartsToString(tag.text))}.`);
    return [text, ...tags].filter(Boolean).join('\n\n');
  }
}

const code = (text: string) => `\`\`\`ts\n${text}\n\`\`\``;

const isForeign = (node: ts.Node) => node.getSourceFile().fileName.includes('/node_modules/');

if (import.meta.main) writeFileSync(PAGE, renderPage());
