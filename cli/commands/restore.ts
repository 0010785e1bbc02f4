import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';

const SETTINGS = {
  restored: ['The settings are restored as well.'],
  kept: ['Settings were there already and stay.'],
  none: [],
} as const;

export const restore: Command = {
  name: 'restore',
  summary: 'put a backup in place of what Attune keeps; Attune must be closed',
  arguments: [{ name: 'DIR', required: true, summary: 'a folder that "attune backup" made' }],
  options: [
    { name: 'force', type: 'flag', summary: 'also where a store is there, which is kept beside it' },
    ...COMMON_OPTIONS,
  ],
  examples: ['attune restore ~/attune-monday'],
  async run(values, host) {
    const [from = ''] = values.arguments;
    const startMs = host.now();
    const { restore: restoreFrom } = await import('../../service/store/restore.ts');
    const report = await restoreFrom(from, host.folders, { replace: values.has('force') });
    const { manifest, lost, replaced, settings } = report;
    const { results, jobs, pictures } = manifest.counts;
    return {
      ok: true,
      outputs: [],
      figures: { elapsedMs: host.now() - startMs, results, jobs, pictures },
      lines: [
        `Restored ${results} results, ${jobs} jobs and ${pictures} pictures of ${new Date(manifest.createdMs).toISOString()}.`,
        ...lost.map((sha256) => `The picture ${sha256.slice(0, 12)} is missing or damaged in the backup.`),
        ...(replaced === undefined ? [] : [`What was there is kept as ${replaced}.`]),
        ...SETTINGS[settings],
      ],
      details: { lost: [...lost], settings, ...(replaced !== undefined && { replaced }) },
    };
  },
};
