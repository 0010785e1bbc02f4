import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';

/**
 * Bytes of memory that this process can still take without pressing others out: on Linux what the kernel says (it counts the cache of
 * files as free, which mapped weights live in), and no more than what a container leaves; elsewhere what the system calls free.
 */
export function availableMemory(): number {
  const free = process.platform === 'linux' ? (memAvailable() ?? freemem()) : freemem();
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? Math.max(0, Math.min(free, limit - process.memoryUsage.rss())) : free;
}

function memAvailable(): number | undefined {
  try {
    const line = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'));
    return line === null ? undefined : Number(line[1]) * 1024;
  } catch {
    return undefined;
  }
}
