import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { ROOT } from './served.ts';

/** The command in a Node that lacks a package with native code. */
function attune(part: string, ...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
  // By the environment, since the process that runs networks must lack it as well.
  const hook = pathToFileURL(join(ROOT, 'test', 'without-part.ts')).href;
  const env = { ...process.env, WITHOUT_PART: part, NODE_OPTIONS: `--import ${hook}` };
  const argv = [join(ROOT, 'cli', 'main.ts'), ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, argv, { env, cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, said: stdout + stderr }),
    );
  });
}

const sentence = (part: string) => new RegExp(`The package ${part}, .* is not whole here .* "npm ci" in a clone`);

it.each(['sharp', 'onnxruntime-node', 'tokenizers'])(
  'without %s a command says what is missing and how to get it',
  async (part) => {
    const source = join(ROOT, 'cli', 'sample', 'scene.png');
    const { code, said } = await attune(part, 'edit', source, '--from', 'a car', '--to', 'a cat', '-o', 'never.png');
    expect(said).toMatch(sentence(part));
    expect(said).not.toMatch(/^ {4}at /m);
    expect(code).toBe(1);
  },
);

it.each(['sharp', 'onnxruntime-node'])(
  'without %s help is there, and doctor tells what is missing beside what is well',
  async (part) => {
    for (const args of [['--help'], ['serve', '--help'], ['--version']])
      expect((await attune(part, ...args)).code).toBe(0);
    const { code, said } = await attune(part, 'doctor');
    expect(code).toBe(1);
    expect(said).toMatch(/^ok +node /m);
    expect(said.split('\n').filter((line) => line.startsWith('fail'))[0]).toMatch(sentence(part));
    expect(said).not.toMatch(/^ {4}at /m);
  },
);
