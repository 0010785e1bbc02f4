import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EditRequest } from '../../contract/index.ts';
import { openQueue } from '../queue/queue.ts';
import { openBatchStore } from './batches.ts';
import { type Database, openDatabase } from './database.ts';
import { openHistory } from './history.ts';
import { openJournal } from './journal.ts';
import { MIGRATIONS } from './migrations.ts';

let folder: string;
const opened: Database[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-store-'));
});
afterEach(async () => {
  close();
  await rm(folder, { recursive: true, force: true });
});
const openStore = (options?: Parameters<typeof openDatabase>[1]) => {
  const database = openDatabase(folder, options);
  opened.push(database);
  return database;
};
const close = () => {
  for (const database of opened.splice(0)) database.close();
};
/** Changes the file as another program would. */
function outside(work: (db: DatabaseSync) => void): void {
  close();
  const db = new DatabaseSync(join(folder, 'attune.sqlite'));
  work(db);
  db.close();
}
const request = (seed: number): EditRequest => ({
  method: 'generate',
  checkpoint: 'embedded/image',
  prompt: 'x',
  seed,
});
const entry = (id: string) => ({
  id,
  createdMs: 1,
  request: request(1),
  record: {
    schema: 'attune/1',
    app: { name: 'Attune', version: '0' },
    request: {
      method: 'm',
      checkpoint: 'c',
      prompt: '',
      seed: 1,
      params: {},
      size: { width: 1, height: 1 },
      steps: 1,
      guidance: 1,
    },
    prompts: [],
    checkpoint: { name: 'none', family: 'none', files: [] },
    runtime: { provider: 'cpu', version: '0', precision: 'float32' },
    noise: 'none',
    sampler: { name: 'none', commonName: 'Euler', sigmas: [] },
    operations: [],
  },
  result: { ref: { sha256: '0'.repeat(64), name: 'a.png' }, width: 1, height: 1, bytes: 1 },
  maps: [],
  figures: {},
  warnings: [],
});

describe('one row that cannot be read', () => {
  it('leaves every other job, result and batch in use, is told of, and comes back with a version that reads it', () => {
    const database = openStore();
    const queue = openQueue(database);
    const jobs = [1, 2, 3, 4].map((seed) => queue.submit({ request: request(seed) }));
    const history = openHistory(database);
    for (const id of ['result-0001', 'result-0002', 'result-0003']) history.add(entry(id) as never);
    outside((db) => {
      db.prepare('UPDATE jobs SET request = ? WHERE id = ?').run(JSON.stringify({ ...request(2), later: 1 }), jobs[1]!);
      db.prepare(`UPDATE jobs SET state = 'dreaming' WHERE id = ?`).run(jobs[2]!);
      db.exec(`UPDATE history SET entry = replace(entry, '"createdMs"', '"createdNs"') WHERE id = 'result-0002'`);
      db.exec(`INSERT INTO batches (id, folder, state, job_table) VALUES ('batch-0001', '/x', '{', '{}')`);
    });
    const again = openStore();
    const kept = openQueue(again);
    expect(kept.state().jobs.map(({ job }) => job)).toEqual([jobs[0], jobs[3]]);
    expect(kept.next()?.job).toBe(jobs[0]);
    const results = openHistory(again);
    expect(results.list(2).map(({ id }) => id)).toEqual(['result-0003', 'result-0001']);
    expect(openBatchStore(again).list()).toEqual([]);
    expect(again.aside.sentence()).toMatch(/2 jobs, 1 results, 1 batches\. They are kept there/);
    // As a later version would read them, here by mending what was written aside.
    outside((db) => {
      db.exec(`UPDATE aside SET entry = replace(entry, ',\\"later\\":1', '')`);
      db.exec(`UPDATE aside SET entry = replace(replace(entry, 'dreaming', 'waiting'), 'createdNs', 'createdMs')`);
    });
    const later = openStore();
    expect(
      openQueue(later)
        .state()
        .jobs.map(({ job }) => job),
    ).toEqual(jobs);
    expect(
      openHistory(later)
        .list(9)
        .map(({ id }) => id),
    ).toEqual(['result-0003', 'result-0002', 'result-0001']);
    expect(later.aside.sentence()).toMatch(/: 1 batches\./);
  });

  it('is any of 200 with one flipped byte: the others stay, and nothing is thrown', () => {
    const queue = openQueue(openStore());
    const jobs = Array.from({ length: 200 }, (_, seed) => queue.submit({ request: request(seed) }));
    outside((db) => {
      const rows = db.prepare('SELECT id, request FROM jobs').all();
      for (const [index, { id, request: text }] of rows.entries()) {
        const bytes = Buffer.from(String(text));
        const at = (index * 37) % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (index % 7));
        if (index % 2 === 1) db.prepare('UPDATE jobs SET request = ? WHERE id = ?').run(bytes.toString('latin1'), id!);
      }
    });
    const database = openStore();
    const known = new Set(
      openQueue(database)
        .state()
        .jobs.map(({ job }) => job),
    );
    for (const job of jobs.filter((_, index) => index % 2 === 0)) expect(known.has(job)).toBe(true);
    const aside = Number(database.prepare('SELECT count(*) AS n FROM aside').get()?.n);
    expect(aside).toBeGreaterThan(10);
    expect(known.size + aside).toBe(200);
  });
});

describe('a file of another version', () => {
  it.each([1, 2, 3, 4, 5, 6])('of form %i is brought up to date, and a copy of it as it was is kept', async (form) => {
    outside((db) => {
      for (const { sql } of MIGRATIONS.slice(0, form)) db.exec(sql);
      db.exec(`PRAGMA user_version = ${form}`);
      db.prepare(
        `INSERT INTO jobs (id, position, state, request, created_ms) VALUES ('job-00000001', 1, 'waiting', ?, 1)`,
      ).run(JSON.stringify(request(7)));
      db.prepare(`INSERT INTO history (id, entry) VALUES ('result-0001', ?)`).run(JSON.stringify(entry('result-0001')));
      db.exec(`INSERT INTO journal (entry) VALUES (x'0102')`);
    });
    const database = openStore();
    expect(
      openQueue(database)
        .state()
        .jobs.map(({ request: { seed } }) => seed),
    ).toEqual([7]);
    expect(openHistory(database).get('result-0001').createdMs).toBe(1);
    expect(openJournal(database).read().entries).toEqual([Uint8Array.of(1, 2)]);
    const copy = new DatabaseSync(join(folder, `attune.sqlite.form-${form}`), { readOnly: true });
    expect(copy.prepare('PRAGMA user_version').get()?.user_version).toBe(form);
    expect(copy.prepare('SELECT count(*) AS n FROM journal').get()?.n).toBe(1);
    copy.close();
  });

  it('that is later is refused with the way out and stays as it is', async () => {
    openStore();
    outside((db) => db.exec('PRAGMA user_version = 99'));
    const before = await readFile(join(folder, 'attune.sqlite'));
    expect(() => openStore()).toThrow(/later version of Attune \(form 99.*install that version/);
    expect(await readFile(join(folder, 'attune.sqlite'))).toEqual(before);
  });
});

describe('a damaged file', () => {
  it('is kept, and what can be read of it goes on in a new one', async () => {
    const database = openStore();
    const history = openHistory(database);
    const ids = Array.from({ length: 400 }, (_, index) => `result-${String(index).padStart(4, '0')}`);
    for (const id of ids) history.add(entry(id) as never);
    openQueue(database).submit({ request: request(5) });
    close();
    // One page in the middle is gone.
    const file = join(folder, 'attune.sqlite');
    const { size } = await stat(file);
    const handle = await open(file, 'r+');
    await handle.write(Buffer.alloc(4096, 0xee), 0, 4096, Math.floor(size / 2 / 4096) * 4096);
    await handle.close();
    const again = openStore();
    expect(again.notices.join()).toMatch(/was damaged: \d+ rows of it were saved.*the old file is kept/);
    const left = openHistory(again).list(500).length;
    expect(left).toBeGreaterThan(300);
    expect(left).toBeLessThan(400);
    expect(openQueue(again).state().jobs).toHaveLength(1);
    expect((await readdir(folder)).filter((name) => name.includes('.damaged-')).length).toBeGreaterThan(0);
  });

  it('that is no database at all is kept too', async () => {
    await writeFile(join(folder, 'attune.sqlite'), 'once upon a time '.repeat(1000));
    const database = openStore();
    expect(database.notices.join()).toContain('was damaged: 0 rows');
    expect(openHistory(database).list(5)).toEqual([]);
  });
});

describe('a removed result', () => {
  it('is out of every list, comes back in its place within thirty days, and is gone after them', () => {
    const history = openHistory(openStore());
    const ids = ['result-0001', 'result-0002', 'result-0003'];
    for (const id of ids) history.add(entry(id) as never);
    history.remove('result-0002');
    expect(history.has('result-0002')).toBe(false);
    expect(() => history.get('result-0002')).toThrow(/it was removed/);
    expect(() => history.restore('result-0001')).toThrow(/cannot be brought back/);
    outside((db) => db.exec('UPDATE history SET removed_ms = removed_ms - 29 * 86400000 WHERE removed_ms IS NOT NULL'));
    const again = openHistory(openStore());
    expect(again.list(9).map(({ id }) => id)).toEqual(['result-0003', 'result-0001']);
    expect(again.restore('result-0002').id).toBe('result-0002');
    expect(again.list(9).map(({ id }) => id)).toEqual(ids.toReversed());
    outside((db) => db.exec(`UPDATE history SET removed_ms = ${Date.now() - 31 * 86_400_000}`));
    const later = openStore();
    expect(() => openHistory(later).restore('result-0002')).toThrow(/cannot be brought back/);
    expect(later.prepare('SELECT count(*) AS n FROM history').get()?.n).toBe(0);
  });
});

describe('the file', () => {
  it('holds everything by itself soon after the last write: a copy of it alone is whole', async () => {
    const database = openStore({ idleMs: 30 });
    openJournal(database).append([new Uint8Array(300_000).fill(7)]);
    await expect.poll(async () => (await stat(join(folder, 'attune.sqlite-wal'))).size).toBe(0);
    await pause(10);
    const copy = join(folder, 'copy.sqlite');
    await writeFile(copy, await readFile(join(folder, 'attune.sqlite')));
    const read = new DatabaseSync(copy, { readOnly: true });
    expect(read.prepare('SELECT length(entry) AS n FROM journal').get()?.n).toBe(300_000);
    read.close();
  });

  it('that another process has open is refused, naming it', async () => {
    openStore();
    await writeFile(join(folder, 'open.json'), JSON.stringify({ pid: process.pid, address: 'http://127.0.0.1:7/' }));
    expect(() => openDatabase(folder)).toThrow(
      new RegExp(`open already at http://127.0.0.1:7/ as process ${process.pid}.*--stop`),
    );
    await writeFile(join(folder, 'open.json'), JSON.stringify({ pid: 2 ** 22 + 5 }));
    expect(() => openDatabase(folder)).toThrow(/Attune is open already; use that window/);
  });

  it('gives a journal in pages of some megabytes, each entry once and in order', () => {
    const journal = openJournal(openStore());
    const entries = Array.from({ length: 60 }, (_, index) => new Uint8Array(1024 * 1024).fill(index));
    for (const entryBytes of entries) journal.append([entryBytes]);
    const read: number[] = [];
    let pages = 0;
    for (let after: number | undefined = 0; after !== undefined; pages++) {
      const page = journal.read(after);
      expect(page.entries.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(9 * 1024 * 1024);
      read.push(...page.entries.map(([first]) => first ?? -1));
      after = page.next;
    }
    expect(read).toEqual(entries.map((_, index) => index));
    expect(pages).toBe(8);
  });
});
