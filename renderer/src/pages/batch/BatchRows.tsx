import { Plus, X } from 'lucide-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import {
  addColumn,
  addRows,
  COLUMNS,
  type Row,
  removeColumn,
  removeRow,
  setCell,
  useTable,
} from '../../state/batchtable.ts';
import { useSession } from '../../state/session.ts';
import { Button, SelectField } from '../../ui/controls.tsx';

/** Rows that are drawn; the table itself may be as long as it likes. */
const DRAWN = 200;

/** The rows, to be edited in place. */
export function BatchRows() {
  const { t } = useTranslation();
  const { columns, rows } = useTable();
  const methods = useSession((session) => session.methods);
  const params = [...new Set(methods.flatMap((method) => method.params.map(({ name }) => `param.${name}`)))];
  const others = [...COLUMNS, ...params].filter((column) => !columns.includes(column));
  return (
    <div className="batch-rows">
      <div className="row">
        <Button onClick={() => addRows([{}])}>
          <Plus size={16} aria-hidden />
          {t('batch.addRow')}
        </Button>
        <SelectField
          id="batch-column"
          label={t('batch.addColumn')}
          value=""
          placeholder={t('batch.addColumn')}
          choices={others.map((value) => ({ value, title: value }))}
          onChange={addColumn}
        />
        {rows.length > 0 && (
          <Button tone="quiet" onClick={() => useTable.setState({ rows: [] })}>
            {t('batch.clear')}
          </Button>
        )}
      </div>
      {rows.length === 0 ? (
        <p className="empty">{t('batch.noRows')}</p>
      ) : (
        // A region that scrolls must be reachable by keyboard.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
        <section className="table-scroll" tabIndex={0} aria-label={t('batch.columns')}>
          <table className="grid">
            <thead>
              <tr>
                <th scope="col">{t('batch.row')}</th>
                {columns.map((column) => (
                  <th key={column} scope="col">
                    <span className="column-name">
                      {column}
                      <button
                        type="button"
                        className="icon-button small"
                        aria-label={t('batch.removeColumn', { column })}
                        onClick={() => removeColumn(column)}
                      >
                        <X size={12} aria-hidden />
                      </button>
                    </span>
                  </th>
                ))}
                <td />
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, DRAWN).map((row, index) => (
                <RowCells key={index} {...{ row, index, columns }} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      {rows.length > DRAWN && <p className="hint">{t('batch.more', { count: rows.length - DRAWN })}</p>}
    </div>
  );
}

const RowCells = memo(function RowCells({
  row,
  index,
  columns,
}: {
  readonly row: Row;
  readonly index: number;
  readonly columns: readonly string[];
}) {
  const { t } = useTranslation();
  const number = index + 1;
  return (
    <tr>
      <th scope="row">{number}</th>
      {columns.map((column) => (
        <td key={column}>
          <input
            className="cell"
            aria-label={t('batch.cell', { column, row: number })}
            value={row[column] ?? ''}
            onChange={({ target }) => setCell(index, column, target.value)}
          />
        </td>
      ))}
      <td>
        <button
          type="button"
          className="icon-button small"
          aria-label={t('batch.removeRow', { row: number })}
          onClick={() => removeRow(index)}
        >
          <X size={14} aria-hidden />
        </button>
      </td>
    </tr>
  );
});
