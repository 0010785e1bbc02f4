import type { Handlers } from '../../transport/index.ts';
import type { Context } from '../context.ts';

/** The editor's own journal. */
export function journalCalls({
  journal,
}: Context): Pick<Handlers, 'journal.read' | 'journal.append' | 'journal.replace'> {
  return {
    'journal.read': ({ after }) => journal.read(after),
    'journal.append'({ entries }) {
      journal.append(entries);
      return {};
    },
    'journal.replace'({ entries }) {
      journal.replace(entries);
      return {};
    },
  };
}
