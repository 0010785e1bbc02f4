import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isRunning } from '../../native/files.ts';

/** Who has a state folder open. */
const Occupant = z.strictObject({
  pid: z.int().positive(),
  /** Where it serves, without a ticket. */
  address: z.string().exactOptional(),
  /** Where the same user gives it orders. */
  door: z.strictObject({ url: z.string(), secret: z.string() }).exactOptional(),
});
type Occupant = z.infer<typeof Occupant>;

const fileIn = (folder: string) => join(folder, 'open.json');

/** The process that has the folder open; undefined where none is known that still runs. */
export function occupantOf(folder: string): Occupant | undefined {
  try {
    const read = Occupant.safeParse(JSON.parse(readFileSync(fileIn(folder), 'utf8')));
    return read.success && isRunning(read.data.pid) ? read.data : undefined;
  } catch {
    return undefined;
  }
}

/** Says that this process has it open. Only the user may read it. A disk that cannot be written is no reason not to open. */
export function occupy(folder: string, more: Omit<Occupant, 'pid'> = {}): void {
  try {
    rmSync(fileIn(folder), { force: true });
    writeFileSync(fileIn(folder), JSON.stringify({ pid: process.pid, ...more }), { mode: 0o600, flag: 'wx' });
  } catch {
    // The lock of the database is what keeps others out; this only says who.
  }
}

export function vacate(folder: string): void {
  try {
    if (occupantOf(folder)?.pid === process.pid) rmSync(fileIn(folder), { force: true });
  } catch {
    // A process that no longer runs is not believed.
  }
}
