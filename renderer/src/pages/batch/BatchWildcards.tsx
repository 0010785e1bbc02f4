import { Plus, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useTable } from '../../state/batchtable.ts';
import { Button, IconButton } from '../../ui/controls.tsx';

/** Lists that prompts name as `__name__`. */
export function BatchWildcards() {
  const { t } = useTranslation();
  const lists = useTable((table) => table.wildcards);
  const set = (index: number, change: Partial<(typeof lists)[number]>) =>
    useTable.setState({ wildcards: lists.map((list, at) => (at === index ? { ...list, ...change } : list)) });
  return (
    <section className="wildcards" aria-label={t('batch.wildcards')}>
      <div className="section-line">
        <h2>{t('batch.wildcards')}</h2>
        <Button
          tone="quiet"
          onClick={() => useTable.setState({ wildcards: [...lists, { name: `list${lists.length + 1}`, lines: '' }] })}
        >
          <Plus size={14} aria-hidden />
          {t('batch.addList')}
        </Button>
      </div>
      {lists.map(({ name, lines }, index) => (
        <div className="wildcard" key={index}>
          <div className="row">
            <input
              className="text"
              aria-label={t('batch.listName')}
              value={name}
              maxLength={64}
              onChange={({ target }) => set(index, { name: target.value })}
            />
            <IconButton
              label={t('batch.removeList', { name })}
              onClick={() => useTable.setState({ wildcards: lists.filter((_list, at) => at !== index) })}
            >
              <X size={14} aria-hidden />
            </IconButton>
          </div>
          <textarea
            className="text"
            rows={3}
            aria-label={t('batch.listLines', { name })}
            value={lines}
            onChange={({ target }) => set(index, { lines: target.value })}
          />
        </div>
      ))}
    </section>
  );
}
