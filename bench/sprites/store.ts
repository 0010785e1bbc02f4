import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * What has been worked out already, one JSON line a result, so that a benchmark that was stopped goes on where it was. The first line
 * says what the results belong to. The file is only ever appended to, a whole line at once, so that several processes may work on
 * different parts of one benchmark.
 */
export class Store {
  readonly #file: string;
  readonly #known: Map<string, unknown>;

  private constructor(file: string, known: Map<string, unknown>) {
    [this.#file, this.#known] = [file, known];
  }

  /**
   * @param fingerprint of everything that decides a result: checkpoint, world, seed
   * @throws Error that names the file when it belongs to something else or cannot be read
   */
  static open(file: string, fingerprint: string, fresh: boolean): Store {
    mkdirSync(dirname(file), { recursive: true });
    if (fresh || !existsSync(file)) {
      writeFileSync(file, `${JSON.stringify({ fingerprint })}\n`);
      return new Store(file, new Map());
    }
    const [head = '', ...lines] = readFileSync(file, 'utf8').split('\n');
    if (parsed(head)?.fingerprint !== fingerprint)
      throw new Error(
        `${file} holds results of another checkpoint, world or seed. Add --fresh to begin again, or choose another folder with --out.`,
      );
    const known = new Map<string, unknown>();
    for (const line of lines) {
      const entry = parsed(line);
      if (typeof entry?.key === 'string') known.set(entry.key, entry.value);
    }
    // A line that was cut off where a run was killed is closed; its result is simply worked out again.
    if (lines.at(-1) !== '') appendFileSync(file, '\n');
    return new Store(file, known);
  }

  has(key: string): boolean {
    return this.#known.has(key);
  }

  /** The value kept under a key, or the one that `make` gives, which is kept before it is returned. */
  async remember<T>(key: string, make: () => Promise<T>): Promise<T> {
    // Written by this class under the same key, so of the type that `make` gives.
    if (this.#known.has(key)) return this.#known.get(key) as T;
    const value = await make();
    appendFileSync(this.#file, `${JSON.stringify({ key, value })}\n`);
    this.#known.set(key, value);
    return value;
  }
}

/** SHA-256 over files, in the given order. */
export function hashFiles(files: readonly (string | URL)[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex');
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
