import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { BatchPlan } from '../../../../contract/index.ts';
import { ExportFields } from '../../dialogs/ExportFields.tsx';
import { tableOf, useTable } from '../../state/batchtable.ts';
import { call, sentenceOf } from '../../state/connection.ts';
import { useEditor } from '../../state/editor.ts';
import { notify, useSession } from '../../state/session.ts';
import { Button, NumberInput } from '../../ui/controls.tsx';

/** What the table makes: names, formats, how many, and what is wrong with it before anything runs. */
export function BatchOutput() {
  const { t } = useTranslation();
  const table = useTable();
  const plan = usePlan();
  const isRunnable = plan?.problems?.length === 0 && plan.total > 0;
  const start = async () => {
    try {
      await call('batch.start', { table: await tableOf(table, t('batch.defaultName')) });
    } catch (error) {
      notify('error', sentenceOf(error));
    }
  };
  return (
    <section className="form" aria-label={t('batch.output')}>
      <h2>{t('batch.output')}</h2>
      <div className="field">
        <label htmlFor="batch-name">{t('batch.name')}</label>
        <input
          id="batch-name"
          className="text"
          value={table.name}
          placeholder={t('batch.defaultName')}
          maxLength={120}
          onChange={({ target }) => useTable.setState({ name: target.value })}
        />
      </div>
      <div className="param inline">
        <label htmlFor="batch-repeats">{t('batch.repeats')}</label>
        <NumberInput
          id="batch-repeats"
          label={t('batch.repeats')}
          value={table.repeats}
          min={1}
          max={1000}
          step={1}
          onChange={(repeats) => useTable.setState({ repeats: Math.round(repeats) })}
        />
      </div>
      <ExportFields options={table.export} onChange={(options) => useTable.setState({ export: options })} />
      <div className="plan" role="status">
        {plan?.error !== undefined && <p className="bad">{plan.error}</p>}
        {plan?.problems?.slice(0, 5).map(({ row, field, message }) => (
          <p key={`${row} ${field}`} className="bad">
            {message}
          </p>
        ))}
        {isRunnable && (
          <p>
            {t('batch.plan', { count: plan.total })}{' '}
            <span className="hint">
              {t('batch.firstFiles', {
                files: plan.jobs
                  ?.slice(0, 3)
                  .map(({ file }) => file)
                  .join(', '),
              })}
            </span>
          </p>
        )}
      </div>
      <Button tone="primary" disabled={!isRunnable} onClick={() => void start()}>
        {t('batch.start')}
      </Button>
    </section>
  );
}

const PLAN_AFTER_MS = 250;

/** What would run, asked some moments after the last change. */
function usePlan(): (Partial<BatchPlan> & { readonly total: number; readonly error?: string }) | undefined {
  const { t } = useTranslation();
  const table = useTable();
  const document = useEditor((editor) => editor.document);
  const link = useSession((session) => session.link);
  const [plan, setPlan] = useState<ReturnType<typeof usePlan>>();
  useEffect(() => {
    if (table.rows.length === 0 || link !== 'open') return setPlan(undefined);
    let isLate = false;
    const timer = setTimeout(() => {
      tableOf(table, t('batch.defaultName'))
        .then((full) => call('batch.plan', { table: full }))
        .then(
          (answer) => !isLate && setPlan(answer),
          (error: unknown) => !isLate && setPlan({ total: 0, error: sentenceOf(error) }),
        );
    }, PLAN_AFTER_MS);
    return () => {
      isLate = true;
      clearTimeout(timer);
    };
  }, [table, document, link, t]);
  return plan;
}
