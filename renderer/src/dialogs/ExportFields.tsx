import { useTranslation } from 'react-i18next';
import { ExportFormat, type ExportOptions } from '../../../contract/index.ts';
import { LabelledSelect, NumberField, SwitchField } from '../ui/controls.tsx';

export const DEFAULT_EXPORT: ExportOptions = { format: 'png', withMetadata: true };

const LOSSY_QUALITY = 90;

/** Format, quality, metadata and name of exported files. */
export function ExportFields({
  options,
  onChange,
}: {
  readonly options: ExportOptions;
  readonly onChange: (options: ExportOptions) => void;
}) {
  const { t } = useTranslation();
  const { format, quality, withMetadata, pattern } = options;
  const { quality: _quality, pattern: _pattern, ...others } = options;
  const withQuality = (value: number | undefined) =>
    onChange({ ...others, ...(pattern !== undefined && { pattern }), ...(value !== undefined && { quality: value }) });
  const hasQuality = format !== 'png';
  return (
    <>
      <LabelledSelect
        id="export-format"
        label={t('export.format')}
        value={format}
        choices={ExportFormat.options.map((value) => ({ value, title: t(`export.${value}`) }))}
        onChange={(value) => {
          const next = { ...others, ...(pattern !== undefined && { pattern }), format: ExportFormat.parse(value) };
          onChange(next);
        }}
      />
      {hasQuality && format !== 'jpeg' && (
        <div className="param inline">
          <label htmlFor="export-lossless">{t('export.lossless')}</label>
          <SwitchField
            id="export-lossless"
            label={t('export.lossless')}
            isOn={quality === undefined}
            onChange={(isLossless) => withQuality(isLossless ? undefined : LOSSY_QUALITY)}
          />
        </div>
      )}
      {hasQuality && (format === 'jpeg' || quality !== undefined) && (
        <div className="field">
          <label htmlFor="export-quality">{t('export.quality')}</label>
          <NumberField
            id="export-quality"
            label={t('export.quality')}
            value={quality ?? 95}
            min={1}
            max={100}
            step={1}
            onChange={(value) => withQuality(Math.round(value))}
          />
        </div>
      )}
      <div className="field">
        <label htmlFor="export-pattern">{t('export.pattern')}</label>
        <input
          id="export-pattern"
          className="text"
          value={pattern ?? ''}
          placeholder="[date]-[seed]"
          maxLength={200}
          aria-describedby="export-pattern-hint"
          onChange={({ target: { value } }) =>
            onChange({ ...others, ...(quality !== undefined && { quality }), ...(value !== '' && { pattern: value }) })
          }
        />
        <p className="hint" id="export-pattern-hint">
          {t('export.patternHint')}
        </p>
      </div>
      <div className="param inline">
        <label htmlFor="export-metadata">{t('export.metadata')}</label>
        <SwitchField
          id="export-metadata"
          label={t('export.metadata')}
          isOn={withMetadata}
          onChange={(value) => onChange({ ...options, withMetadata: value })}
        />
      </div>
    </>
  );
}
