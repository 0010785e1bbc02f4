import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../cli/commands/index.ts';
import { parseCommandLine } from '../cli/options.ts';
import { primitives } from '../engine/attention/registry.ts';
import { methods } from '../engine/methods/registry.ts';

/** What README and docs tell a newcomer to type and to open is there. */

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
// Our own file: every field that is read here is an object of texts.
const manifest = JSON.parse(read('package.json')) as Readonly<Record<string, Readonly<Record<string, string>>>>;
const pages = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.replaceAll('\\', '/')}`),
];

/** Lines of the blocks that are for a shell: fenced as such, or indented and beginning with a command of ours. */
function shellLines(markdown: string): readonly string[] {
  const fenced = [...markdown.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.split('\n'));
  const indented = [...markdown.matchAll(/^ {4,}(np[mx] .*)$/gm)].map(([, line = '']) => line);
  return [...fenced, ...indented].map((line) => line.trim()).filter((line) => line !== '');
}

/** Words of a command line whose only quotes are double ones. */
const wordsOf = (line: string) =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');

/** The simple commands of a line, with comments and redirections cut off. */
const commandsOf = (line: string) =>
  (line.split(/\s#\s|\s>\s/)[0] ?? '').split(/\s(?:&&|\|)\s/).map((part) => part.trim());

const lines = pages.flatMap((page) => shellLines(read(page)).map((line) => [page, line] as const));
const parts = lines.flatMap(([page, line]) => commandsOf(line).map((command) => [page, command] as const));

function checkAttune(words: readonly string[]): void {
  const [name, ...rest] = words;
  if (name === '--help' || name === '--version') return;
  const command = COMMANDS.find((candidate) => candidate.name === name);
  expect(command, `attune ${name}`).toBeDefined();
  if (command === undefined) return;
  const values = parseCommandLine(rest, command);
  const id = values.text('method') ?? (name === 'edit' ? 'prompt-edit' : name);
  const method = methods.find(({ description }) => description.id === id)?.description;
  if (values.has('method')) expect(method, id).toBeDefined();
  for (const given of values.list('param'))
    expect(method?.params.map((param) => param.name)).toContain(given.split('=')[0]);
}

describe('README and docs', () => {
  it('name commands at all', () => {
    expect(shellLines(read('README.md')).length).toBeGreaterThanOrEqual(5);
    expect(parts.filter(([, command]) => command.startsWith('npx attune')).length).toBeGreaterThan(10);
  });

  it.each(parts)('%s: %s', (_page, command) => {
    const [program, ...words] = wordsOf(command);
    const [first = '', second = ''] = words;
    if (program === 'npx') {
      expect(first).toBe('attune');
      expect(manifest.bin).toHaveProperty('attune');
      checkAttune(words.slice(1));
    } else if (program === 'npm') {
      if (first === 'run') expect(manifest.scripts).toHaveProperty(second);
      else expect(['ci', 'test', 'start']).toContain(first);
    } else expect(['cat', 'cp']).toContain(program);
  });

  it('the test command of the README is the one that the whole proof runs', () => {
    const command = /^readme_test_command='(.*)'$/m.exec(read('.ci/run'))?.[1];
    expect(command).toBeDefined();
    expect(shellLines(read('README.md'))).toContain(command);
  });

  it.each(pages)('%s: its links lead somewhere', (page) => {
    const text = read(page).replace(/```[\s\S]*?```/g, '');
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? join(root, page) : resolve(root, dirname(page), path);
      expect(existsSync(file), `${page}: ${target}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(readFileSync(file, 'utf8')), `${page}: ${target}`).toContain(anchor);
    }
  });

  it.each(pages)('%s: names no place of one machine', (page) => {
    expect(read(page)).not.toMatch(/(?<![\w.])\/(?:work|root|tmp|Users)\//);
  });

  it('describe every command, method, parameter and primitive', () => {
    const table = (page: string) => new Set([...read(page).matchAll(/^\| `([\w-]+)/gm)].map(([, name]) => name));
    for (const { name } of COMMANDS) expect(table('docs/cli.md')).toContain(name);
    for (const name of Object.keys(primitives)) expect(table('docs/attention.md')).toContain(name);
    for (const { description } of methods) {
      expect(table('docs/methods.md')).toContain(description.id);
      for (const { name } of description.params) expect(read('docs/methods.md')).toContain(`\`${name}\``);
    }
  });

  it('credit every dependency', () => {
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    for (const name of Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }))
      expect(read('docs/third-party.md')).toContain(name);
  });
});

/** The names by which the headings of a page can be linked to. */
function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
