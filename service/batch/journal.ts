import { open, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { BatchTable, UserError } from '../../contract/index.ts';
import { AttuneError } from '../../engine/index.ts';
import { naming, syncFolder } from '../../native/files.ts';

/**
 * The truth about a batch: one JSON line per fact, appended and forced to disk before anybody is told. What a kill or a power loss can
 * leave is a torn last line, which is cut off when the batch goes on. A damaged line before others means that somebody edited the file.
 */
const BatchFile = z.object({ name: z.string(), sha256: z.string(), bytes: z.int().min(0) });
export type BatchFile = z.infer<typeof BatchFile>;

const JournalEntry = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('batch'),
    version: z.literal(1),
    name: z.string(),
    /** Over everything that decides the results; a changed table has another. */
    fingerprint: z.string(),
    total: z.int().min(0),
    startedMs: z.number(),
    /** Of the base, where the table's own is absent. */
    seed: z.int().min(0),
    /** The table with its base, and the places of its pictures by SHA-256; absent where others keep them. */
    origin: z.object({ table: BatchTable, paths: z.record(z.string(), z.string()) }).exactOptional(),
    /** Names that lay in the folder before. */
    taken: z.array(z.string()),
  }),
  /** Stands before files get their names, so that a resumed batch knows its own files from others. */
  z.object({ kind: z.literal('ready'), job: z.int().min(0), files: z.array(BatchFile), result: z.json() }),
  z.object({ kind: z.literal('done'), job: z.int().min(0) }),
  z.object({ kind: z.literal('failed'), job: z.int().min(0), error: UserError }),
  z.object({ kind: z.literal('finished') }),
]);
export type JournalEntry = z.infer<typeof JournalEntry>;
export type JournalHead = Extract<JournalEntry, { kind: 'batch' }>;

export const JOURNAL_NAME = 'batch.jsonl';

/** The whole entries of a journal, and where they end; undefined where no batch has begun. */
export async function readJournal(
  path: string,
): Promise<{ readonly entries: readonly JournalEntry[]; readonly bytes: number } | undefined> {
  const content = await naming(path, () =>
    readFile(path).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }),
  );
  if (content === undefined) return undefined;
  const entries: JournalEntry[] = [];
  let start = 0;
  for (let end = content.indexOf(10); end >= 0; end = content.indexOf(10, start)) {
    const entry = readEntry(content.toString('utf8', start, end));
    if (entry === undefined) {
      // Blocks of zeros may follow a power loss; anything readable behind a broken line means an edit by hand.
      if (content.indexOf(10, end + 1) < 0) break;
      const what = `is damaged at line ${entries.length + 1}; take the batch to a new folder`;
      throw new AttuneError('file-failed', `${path} ${what}.`, { file: path });
    }
    entries.push(entry);
    start = end + 1;
  }
  return entries[0]?.kind === 'batch' ? { entries, bytes: start } : undefined;
}

function readEntry(line: string): JournalEntry | undefined {
  try {
    return JournalEntry.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

export interface Journal {
  /** Resolves when the entry would survive a power loss. */
  append(entry: JournalEntry): Promise<void>;
  close(): Promise<void>;
}

/** Opens a journal for going on behind its first `bytes` bytes. */
export async function openJournal(path: string, folder: string, bytes: number): Promise<Journal> {
  const file = await naming(path, async () => {
    const opened = await open(path, bytes === 0 ? 'w' : 'r+');
    await opened.truncate(bytes);
    await opened.sync();
    await syncFolder(folder);
    return opened;
  });
  let at = bytes;
  return {
    async append(entry) {
      const line = Buffer.from(`${JSON.stringify(entry)}\n`);
      await naming(path, async () => {
        await file.write(line, 0, line.length, at);
        await file.sync();
      });
      at += line.length;
    },
    close: () => file.close(),
  };
}
