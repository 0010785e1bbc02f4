import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ProviderFigure, Settings } from '../../../contract/index.ts';
import { LANGUAGES } from '../i18n/index.ts';
import { tryCall } from '../state/connection.ts';
import { useSession } from '../state/session.ts';
import { Button, LabelledSelect, SwitchField } from '../ui/controls.tsx';

const set = (settings: Partial<Settings>) => void tryCall('settings.set', { settings });

/** What holds for this user everywhere. */
export function SettingsPage() {
  const { t } = useTranslation();
  const { settings, version } = useSession();
  if (settings === null) return <main className="page" id="main" />;
  return (
    <main className="page scroll" id="main">
      <div className="page-head">
        <h1>{t('settings.title')}</h1>
      </div>
      <div className="settings">
        <Group title={t('settings.looks')}>
          <LabelledSelect
            id="theme"
            label={t('settings.theme')}
            value={settings.theme}
            choices={(['system', 'light', 'dark'] as const).map((value) => ({
              value,
              title: t(`settings.themes.${value}`),
            }))}
            onChange={(value) => set({ theme: value as Settings['theme'] })} // one of the choices
          />
          <LabelledSelect
            id="language"
            label={t('settings.language')}
            value={settings.language}
            choices={Object.entries(LANGUAGES).map(([value, title]) => ({ value, title }))}
            onChange={(language) => set({ language })}
          />
        </Group>
        <Group title={t('settings.provider')}>
          <p className="hint">{t('settings.providerHint')}</p>
          <Providers chosen={settings.provider} />
        </Group>
        <Group title={t('settings.files')}>
          <Switch
            id="metadata"
            label={t('settings.metadata')}
            hint={t('settings.metadataHint')}
            isOn={settings.withMetadata}
            onChange={(withMetadata) => set({ withMetadata })}
          />
        </Group>
        <Group title={t('settings.network')}>
          <Switch
            id="offline"
            label={t('settings.offline')}
            hint={t('settings.offlineHint')}
            isOn={settings.isOffline}
            onChange={(isOffline) => set({ isOffline })}
          />
        </Group>
        <Group title={t('settings.about')}>
          <p>{t('settings.version', { version })}</p>
        </Group>
      </div>
    </main>
  );
}

function Group({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Switch({
  id,
  label,
  hint,
  isOn,
  onChange,
}: {
  readonly id: string;
  readonly label: string;
  readonly hint: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}) {
  return (
    <>
      <div className="param inline">
        <label htmlFor={id}>{label}</label>
        <SwitchField id={id} label={label} isOn={isOn} onChange={onChange} />
      </div>
      <p className="hint">{hint}</p>
    </>
  );
}

function Providers({ chosen }: { readonly chosen: string }) {
  const { t } = useTranslation();
  const [figures, setFigures] = useState<readonly ProviderFigure[] | 'running'>();
  const measure = async () => {
    setFigures('running');
    setFigures((await tryCall('providers.measure', {}))?.providers);
  };
  const rows = figures === undefined || figures === 'running' ? undefined : figures;
  return (
    <>
      {rows !== undefined && (
        <table className="figures">
          <thead>
            <tr>
              <th scope="col">{t('settings.columns.name')}</th>
              <th scope="col">{t('settings.columns.time')}</th>
              <th scope="col">{t('settings.columns.error')}</th>
              <th scope="col">{t('settings.columns.use')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((figure) => (
              <Provider key={figure.name} figure={figure} isChosen={figure.name === chosen} />
            ))}
          </tbody>
        </table>
      )}
      <div className="row">
        <span className="facts">
          {chosen} · {t('settings.inUse')}
        </span>
        <Button disabled={figures === 'running'} onClick={() => void measure()}>
          {t(figures === 'running' ? 'settings.measuring' : 'settings.measure')}
        </Button>
      </div>
    </>
  );
}

function Provider({
  figure: { name, isUsable, ms, worstError, note },
  isChosen,
}: {
  readonly figure: ProviderFigure;
  readonly isChosen: boolean;
}) {
  const { t } = useTranslation();
  return (
    <tr>
      <th scope="row">
        {name}
        {note !== undefined && <p className="hint">{note}</p>}
      </th>
      <td>{ms === undefined ? t('settings.notRun') : `${ms.toFixed(1)} ms`}</td>
      <td>{worstError === undefined ? '–' : worstError === 0 ? '0' : worstError.toExponential(1)}</td>
      <td>
        {isChosen ? (
          t('settings.inUse')
        ) : (
          <Button disabled={!isUsable} onClick={() => set({ provider: name })}>
            {t('settings.use', { name })}
          </Button>
        )}
      </td>
    </tr>
  );
}
