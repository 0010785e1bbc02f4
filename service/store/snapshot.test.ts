import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { snapshot } from './snapshot.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-snapshot-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A process that has the store open, writes without a pause and tells each number once it is on the disk. */
async function writer() {
  const program = join(folder, 'writer.mjs');
  await writeFile(
    program,
    `import { openDatabase } from ${JSON.stringify(new URL('./database.ts', import.meta.url).href)};
     const database = openDatabase(${JSON.stringify(folder)}, { idleMs: 20 });
     const entry = database.prepare('INSERT INTO journal (seq, entry) VALUES (?, ?)');
     const flag = database.prepare("INSERT OR REPLACE INTO flags (name, value) VALUES ('last', ?)");
     for (let number = 1; ; number++) {
       database.transaction(() => {
         entry.run(number, Buffer.alloc(20_000, number % 251));
         flag.run(number);
       });
       process.stdout.write(number + '\\n');
       // Now and then long enough for the log to be moved into the file.
       await new Promise((go) => (number % 20 === 0 ? setTimeout(go, 500) : setImmediate(go)));
     }`,
  );
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  child.stdout.on('data', (part: Buffer) => {
    told += part.toString();
  });
  const last = () => Number(told.split('\n').at(-2) ?? 0);
  const ended = new Promise((done) => child.once('close', done));
  const end = () => {
    child.kill('SIGKILL');
    return ended;
  };
  return { last, end };
}

it('a copy of a store that is written to holds everything that was told before, and whole transactions only', async () => {
  const { last, end } = await writer();
  try {
    await expect.poll(last, { timeout: 60_000 }).toBeGreaterThan(20);
    for (let round = 0; round < 30; round++) {
      const before = last();
      const copy = join(folder, `copy-${round}.sqlite`);
      await snapshot(join(folder, 'attune.sqlite'), copy);
      const db = new DatabaseSync(copy, { readOnly: true });
      const flag = Number(db.prepare(`SELECT value FROM flags WHERE name = 'last'`).get()?.value);
      const { count, most } = db.prepare('SELECT count(*) AS count, max(seq) AS most FROM journal').get()!;
      db.close();
      expect([Number(count), Number(most)]).toEqual([flag, flag]);
      expect(flag).toBeGreaterThanOrEqual(before);
      await rm(copy);
    }
  } finally {
    await end();
  }
});

it('a damaged store is no backup', async () => {
  const { last, end } = await writer();
  await expect.poll(last, { timeout: 60_000 }).toBeGreaterThan(40);
  await end();
  const file = join(folder, 'attune.sqlite');
  await snapshot(file, join(folder, 'whole.sqlite'));
  await writeFile(file, Buffer.alloc(8192, 7), { flag: 'r+' });
  await expect(snapshot(file, join(folder, 'copy.sqlite'))).rejects.toThrow(/attune\.sqlite is damaged; start Attune/);
});
