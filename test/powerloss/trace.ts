import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** One call of the system that changed a disk, or something that was told on standard output, in the order in which they ended. */
export type Call =
  | { readonly kind: 'open'; readonly path: string; readonly flags: string; readonly fd: number }
  | { readonly kind: 'write'; readonly fd: number; readonly data: Buffer; readonly offset?: number }
  | { readonly kind: 'truncate'; readonly fd: number; readonly length: number }
  | { readonly kind: 'sync'; readonly fd: number }
  | { readonly kind: 'rename' | 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'unlink' | 'mkdir' | 'rmdir'; readonly path: string }
  | { readonly kind: 'told'; readonly text: string };

const WATCHED =
  'openat,open,creat,write,pwrite64,writev,pwritev,pwritev2,ftruncate,fallocate,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,copy_file_range,sendfile';

/** Why nothing can be recorded here; undefined where it can. */
export function noTrace(): string | undefined {
  if (process.platform !== 'linux') return 'calls of the system are recorded on Linux';
  const tried = spawnSync('strace', ['-f', '-e', 'trace=fsync', '-o', '/dev/null', 'true'], { stdio: 'ignore' });
  return tried.status === 0 ? undefined : 'strace is not here or may not be used';
}

/** Runs a program of Node and returns what it did to the disk. Throws for a call that is not understood. */
export function traceOf(args: readonly string[], log: string): readonly Call[] {
  const program = [process.execPath, ...args];
  // Every text in full and as hexadecimal numbers, so that nothing has to be unquoted.
  const ran = spawnSync('strace', ['-f', '-xx', '-s', '8388608', '-e', `trace=${WATCHED}`, '-o', log, ...program], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (ran.status !== 0) throw new Error(`the traced program ended with ${ran.status}: ${ran.stderr}`);
  const calls: Call[] = [];
  const begun = new Map<string, string>();
  for (const line of readFileSync(log, 'latin1').split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const unfinished = /^(.*) <unfinished \.\.\.>$/.exec(rest);
    if (unfinished !== null) {
      begun.set(pid, unfinished[1] ?? '');
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const whole = resumed === null ? rest : (begun.get(pid) ?? '') + (resumed[1] ?? '');
    const [, name = '', given = '', answer = '-1'] = /^(\w+)\((.*)\) += (-?\d+)/.exec(whole) ?? [];
    if (name === '' || Number(answer) < 0) continue;
    const call = callOf(name, given, Number(answer));
    if (call !== undefined) calls.push(call);
  }
  return calls;
}

const textOf = (hex: string) => Buffer.from(hex.replaceAll('\\x', ''), 'hex');

function callOf(name: string, given: string, answer: number): Call | undefined {
  const texts = [...given.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => textOf(hex));
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = texts;
  const [path, to] = [first.toString(), second.toString()];
  const fd = Number.parseInt(given, 10);
  const last = Number(/, (\d+)$/.exec(given)?.[1]);
  switch (name) {
    case 'open':
    case 'creat':
    case 'openat':
      return { kind: 'open', path, flags: name === 'creat' ? 'O_CREAT|O_TRUNC' : given, fd: answer };
    case 'write':
    case 'writev':
    case 'pwritev':
    case 'pwritev2':
    case 'pwrite64': {
      // No more than was taken.
      const data = Buffer.concat(texts).subarray(0, answer);
      if (fd === 1) return { kind: 'told', text: data.toString() };
      const offset = name === 'pwrite64' || name === 'pwritev' ? last : undefined;
      if (name === 'pwritev2') throw new Error('pwritev2 is not understood');
      return { kind: 'write', fd, data, ...(offset !== undefined && { offset }) };
    }
    case 'ftruncate':
      return { kind: 'truncate', fd, length: last };
    case 'fsync':
    case 'fdatasync':
      return { kind: 'sync', fd };
    case 'rename':
    case 'renameat':
    case 'renameat2':
      return { kind: 'rename', path, to };
    case 'link':
    case 'linkat':
      return { kind: 'link', path, to };
    case 'unlink':
    case 'unlinkat':
      return { kind: given.includes('AT_REMOVEDIR') ? 'rmdir' : 'unlink', path };
    case 'mkdir':
    case 'mkdirat':
      return { kind: 'mkdir', path };
    case 'rmdir':
      return { kind: 'rmdir', path };
    default:
      throw new Error(`${name} is not understood`);
  }
}
