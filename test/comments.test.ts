import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { expect, test } from 'vitest';

/** Comments may name a page, a source file, or anything below a folder of this repository; what they name must be there. */
const ROOT = join(import.meta.dirname, '..');
const BUILT = ['node_modules', '.git', '.cache', 'dist', 'out', 'runs', 'coverage'];
/** A comment in a block, or to the end of its line; the slashes of an address or of a string are none. */
const COMMENT = /\/\*[\s\S]*?\*\/|(?<![:'"`\w\\/])\/\/[^\n]*|^\s*#[^\n]*/gm;
/** Names that end as pages or sources do, and paths. */
const NAME = /(?<![\w@/.*])(?:[.]{1,2}\/)*[\w.-]+(?:\/[\w.-]+)*/g;

/** Ends as a page or a source of ours does: Python files are cited from other projects too. */
const isPage = (name: string) => /\w[.](?:md|tsx?|mjs|css)$/.test(name);

function cited(text: string, folders: ReadonlySet<string>): string[] {
  return [...text.matchAll(COMMENT)]
    .flatMap(([comment]) => [...comment.matchAll(NAME)].map(([name]) => name.replace(/[./]+$/, '')))
    .filter((name) => isPage(name) || (name.includes('/') && folders.has(name.split('/', 1)[0] ?? '')));
}

/** Whether a name is a path from the file's folder, or from a folder above it. */
function isThere(name: string, file: string): boolean {
  for (let folder = dirname(join(ROOT, file)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, name))) return true;
    if (relative(ROOT, folder) === '') return false;
  }
}

test('comments cite only files and folders that the repository has', () => {
  const entries = readdirSync(ROOT, { withFileTypes: true });
  const folders = entries.flatMap((entry) => (entry.isDirectory() && !BUILT.includes(entry.name) ? [entry.name] : []));
  const files = globSync(['*.{ts,mjs}', '.*.mjs', '.ci/*', `{${folders}}/**/*.{ts,tsx,mjs,css,html}`], { cwd: ROOT })
    .map((file) => file.split(sep).join('/'))
    // What protoc wrote names its own sources.
    .filter((file) => !file.endsWith('_pb.ts'));
  expect(files.length).toBeGreaterThan(500);
  const missing = files.flatMap((file) => {
    const names = cited(readFileSync(join(ROOT, file), 'utf8'), new Set(folders));
    return names.filter((name) => !isThere(name, file)).map((name) => `${file} cites ${name}`);
  });
  expect(missing).toEqual([]);
});

test('a citation is found in each kind of comment, and only there', () => {
  const text = [
    '/** After the rule of docs/attention.md. */',
    "const address = 'https://example.org/engine/none.md'; // see engine/index.ts",
    '  # as docs/images says',
  ].join('\n');
  expect(cited(text, new Set(['engine', 'docs']))).toEqual(['docs/attention.md', 'engine/index.ts', 'docs/images']);
});
