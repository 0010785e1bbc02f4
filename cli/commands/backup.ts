import { VERSION } from '../../native/package.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';

export const backup: Command = {
  name: 'backup',
  summary: 'copy results, queue, pictures, journal and settings into a new folder, also while Attune is open',
  arguments: [{ name: 'DIR', required: true, summary: 'the folder to make' }],
  options: [...COMMON_OPTIONS],
  examples: ['attune backup ~/attune-monday'],
  async run(values, host) {
    const [to = ''] = values.arguments;
    const startMs = host.now();
    const { backUp } = await import('../../service/store/backup.ts');
    const { folder, manifest, bytes, lost } = await backUp(host.folders, to, { version: VERSION, signal: host.signal });
    const { results, jobs, pictures } = manifest.counts;
    return {
      ok: true,
      outputs: [],
      figures: { elapsedMs: host.now() - startMs, bytes, results, jobs, pictures },
      lines: [
        `${folder}: ${results} results, ${jobs} jobs, ${pictures} pictures, ${megabytes(bytes)}; every file was read again.`,
        ...lost.map(
          (sha256) => `The picture ${sha256.slice(0, 12)} is missing or damaged in the store; it is not in the backup.`,
        ),
        `"attune restore ${to}" brings it back.`,
      ],
      details: { folder, lost: [...lost] },
    };
  },
};

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
