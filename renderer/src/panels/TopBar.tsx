import { CircleHelp, Download, FolderOpen, MessageSquareText, Moon, Redo2, Sun, Undo2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { keysText } from '../actions/actions.ts';
import { choosePicture } from '../actions/open.ts';
import { tryCall } from '../state/connection.ts';
import { redo, undo, useEditor } from '../state/editor.ts';
import { useExportable } from '../state/exportable.ts';
import { useSession } from '../state/session.ts';
import { type Page, setView, useView } from '../state/view.ts';
import { Button, IconButton } from '../ui/controls.tsx';
import { useTheme } from '../ui/theme.ts';

const PAGES: readonly Page[] = ['edit', 'video', 'batch', 'models', 'settings'];

/** Where one is, what can be done everywhere, and whether the engine runs. */
export function TopBar() {
  const { t } = useTranslation();
  const page = useView((view) => view.page);
  return (
    <header className="top-bar">
      <span className="brand">
        <Mark />
        {t('app.name')}
      </span>
      <nav aria-label={t('app.pages')}>
        {PAGES.map((name) => (
          <button
            key={name}
            type="button"
            className="page-link"
            aria-current={page === name ? 'page' : undefined}
            onClick={() => setView({ page: name })}
          >
            {t(`app.page.${name}`)}
          </button>
        ))}
      </nav>
      <div className="top-tools">
        {page === 'edit' && <EditTools />}
        {page === 'video' && <UndoTools />}
      </div>
      <EngineState />
      <ThemeButton />
      <IconButton label={t('app.notices')} onClick={() => setView({ dialog: 'messages' })}>
        <MessageSquareText size={18} aria-hidden />
      </IconButton>
      <IconButton label={t('app.keys')} keys={keysText('keys')} onClick={() => setView({ dialog: 'keys' })}>
        <CircleHelp size={18} aria-hidden />
      </IconButton>
    </header>
  );
}

function EditTools() {
  const { t } = useTranslation();
  const isSaved = useEditor((editor) => editor.isSaved);
  const exported = useExportable();
  return (
    <>
      <Button tone="quiet" onClick={() => void choosePicture()}>
        <FolderOpen size={16} aria-hidden />
        {t('app.open')}
      </Button>
      <UndoTools />
      <Button tone="quiet" disabled={exported === undefined} onClick={() => setView({ dialog: 'export' })}>
        <Download size={16} aria-hidden />
        {t('app.export')}
      </Button>
      <span className="hint saved">{isSaved ? t('app.saved') : t('app.saving')}</span>
    </>
  );
}

function UndoTools() {
  const { t } = useTranslation();
  const { undo: list } = useEditor();
  return (
    <>
      <IconButton label={t('app.undo')} keys={keysText('undo')} disabled={list.done === 0} onClick={() => undo()}>
        <Undo2 size={18} aria-hidden />
      </IconButton>
      <IconButton
        label={t('app.redo')}
        keys={keysText('redo')}
        disabled={list.done === list.commands.length}
        onClick={() => redo()}
      >
        <Redo2 size={18} aria-hidden />
      </IconButton>
    </>
  );
}

function EngineState() {
  const { t } = useTranslation();
  const { link, engine } = useSession();
  const isWell = link === 'open' && engine.state === 'ready';
  const text = link === 'open' ? t(`engine.${engine.state}`) : link === 'lost' ? t('app.lost') : t('app.connecting');
  return (
    <span className={isWell ? 'engine-state well' : 'engine-state'} role="status" title={engine.sentence}>
      <span className="dot" aria-hidden />
      {text}
      {link === 'open' && engine.state === 'stopped' && (
        <Button onClick={() => void tryCall('engine.start', {})}>{t('app.startEngine')}</Button>
      )}
    </span>
  );
}

function ThemeButton() {
  const { t } = useTranslation();
  const theme = useTheme();
  const next = theme === 'dark' ? 'light' : 'dark';
  return (
    <IconButton
      label={t(next === 'dark' ? 'app.toDark' : 'app.toLight')}
      onClick={() => void tryCall('settings.set', { settings: { theme: next } })}
    >
      {theme === 'dark' ? <Sun size={18} aria-hidden /> : <Moon size={18} aria-hidden />}
    </IconButton>
  );
}

function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path
        d="M6 18c3 0 3-8 5-8s2 14 4.5 14S18 6 20.5 6s2.5 12 5.5 12"
        fill="none"
        stroke="#fff"
        strokeWidth="2.6"
        strokeLinecap="round"
      />
    </svg>
  );
}
