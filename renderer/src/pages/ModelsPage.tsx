import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LostFolder, ModelCheck, ModelInfo } from '../../../contract/index.ts';
import { call, sentenceOf, tryCall } from '../state/connection.ts';
import { change, useEditor } from '../state/editor.ts';
import { notify, useSession } from '../state/session.ts';
import { changeVideo } from '../state/video.ts';
import { setView } from '../state/view.ts';
import { Button } from '../ui/controls.tsx';
import { bytesText } from '../ui/format.ts';

/** Every checkpoint that was found: what it is, what it needs, whether it is whole. */
export function ModelsPage() {
  const { t } = useTranslation();
  const { models, lostFolders } = useSession();
  // A browser may be on another machine: only the desktop application has the dialogs of this one.
  const canAdd = window.attuneShell !== undefined;
  const refresh = async () => {
    const listed = await tryCall('models.list', {});
    if (listed !== undefined) useSession.setState(listed);
  };
  return (
    <main className="page scroll" id="main">
      <div className="page-head">
        <div>
          <h1>{t('models.title')}</h1>
          <p className="hint">{t('models.intro')}</p>
          {!canAdd && <p className="hint">{t('models.addBySettings')}</p>}
        </div>
        <div className="row">
          <Button onClick={() => void refresh()}>{t('models.refresh')}</Button>
          {canAdd && <AddFolder />}
        </div>
      </div>
      <ul className="cards">
        {lostFolders.map((lost) => (
          <LostCard key={lost.folder} lost={lost} />
        ))}
        {models.map((model) => (
          <ModelCard key={model.ref} model={model} />
        ))}
      </ul>
    </main>
  );
}

function AddFolder() {
  const { t } = useTranslation();
  const add = async () => {
    try {
      const chosen = await window.attuneShell?.chooseFolder();
      if (chosen) useSession.setState(await call('models.addFolder', { grant: chosen.grant }));
    } catch (error) {
      notify('error', sentenceOf(error));
    }
  };
  return (
    <Button tone="primary" onClick={() => void add()}>
      {t('models.add')}
    </Button>
  );
}

/** A folder that cannot be searched: what is in it is missing from the list until it is back. */
function LostCard({ lost: { folder, reason } }: { readonly lost: LostFolder }) {
  const { t } = useTranslation();
  return (
    <li className="card">
      <div className="card-head">
        <h2>{t('models.lost.title')}</h2>
        {window.attuneShell !== undefined && (
          <Button onClick={() => void tryCall('models.removeFolder', { ref: folder })}>{t('models.remove')}</Button>
        )}
      </div>
      <p className="place">{folder}</p>
      <p className="bad">{t(`models.lost.${reason}`)}</p>
    </li>
  );
}

function ModelCard({ model }: { readonly model: ModelInfo }) {
  const { t } = useTranslation();
  const { ref, title, kind, place, family, isRunnable, notes, weightBytes, peakBytes, defaults, hasVocabulary } = model;
  const isVideo = model.makes === 'video';
  const isInUse = useEditor(({ document }) => (isVideo ? document.video : document).checkpoint === ref);
  const [check, setCheck] = useState<ModelCheck | 'running'>();
  const verify = async () => {
    setCheck('running');
    setCheck(await tryCall('models.check', { ref }));
  };
  const use = () => {
    // Each page has a model of its own kind.
    if (isVideo) changeVideo('model', { checkpoint: ref });
    else change('model', { checkpoint: ref });
    setView({ page: isVideo ? 'video' : 'edit' });
  };
  const facts = [
    family?.toUpperCase(),
    t(`models.kind.${kind}`),
    t('models.weights', { size: bytesText(weightBytes) }),
    peakBytes !== undefined && t('models.peak', { size: bytesText(peakBytes) }),
    defaults !== undefined && t('models.size', { ...defaults.size, steps: defaults.steps }),
    hasVocabulary && t('models.vocabulary'),
  ];
  return (
    <li className="card">
      <div className="card-head">
        <h2>{title}</h2>
        <div className="row">
          <Button disabled={check === 'running'} onClick={() => void verify()}>
            {t(check === 'running' ? 'models.checking' : 'models.check')}
          </Button>
          {kind === 'folder' && window.attuneShell !== undefined && (
            <Button onClick={() => void tryCall('models.removeFolder', { ref })}>{t('models.remove')}</Button>
          )}
          <Button tone={isInUse ? 'quiet' : 'primary'} disabled={!isRunnable || isInUse} onClick={use}>
            {t(isInUse ? 'models.inUse' : 'models.use')}
          </Button>
        </div>
      </div>
      <p className="facts">{facts.filter(Boolean).join(' · ')}</p>
      {place !== undefined && <p className="place">{place}</p>}
      {notes.map((note) => (
        <p key={note} className={isRunnable ? 'hint' : 'bad'}>
          {note}
        </p>
      ))}
      {check !== undefined && check !== 'running' && <CheckResult check={check} />}
    </li>
  );
}

function CheckResult({ check: { isSound, lines, files } }: { readonly check: ModelCheck }) {
  const { t } = useTranslation();
  return (
    <div className="check" role="status">
      <p className={isSound ? 'good' : 'bad'}>{t(isSound ? 'models.sound' : 'models.unsound')}</p>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <details>
        <summary>{t('models.files', { count: files.length })}</summary>
        <ul className="files">
          {files.map(({ path, bytes, sha256, problem }) => (
            <li key={path}>
              {path} · {bytesText(bytes)}
              {sha256 !== undefined && ` · SHA-256 ${sha256.slice(0, 16)}…`}
              {problem !== undefined && <span className="bad"> {problem}</span>}
            </li>
          ))}
        </ul>
      </details>
    </div>
  );
}
