import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { bindKeys } from './actions/keys.ts';
import { takeFiles } from './actions/open.ts';
import { CanvasPane } from './canvas/CanvasPane.tsx';
import { ExportDialog } from './dialogs/ExportDialog.tsx';
import { KeysDialog } from './dialogs/KeysDialog.tsx';
import { MessagesDialog } from './dialogs/MessagesDialog.tsx';
import { RecordDialog } from './dialogs/RecordDialog.tsx';
import { BatchPage } from './pages/BatchPage.tsx';
import { ModelsPage } from './pages/ModelsPage.tsx';
import { SettingsPage } from './pages/SettingsPage.tsx';
import { VideoPage } from './pages/VideoPage.tsx';
import { HistoryStrip } from './panels/HistoryStrip.tsx';
import { Notices } from './panels/Notices.tsx';
import { SidePanel } from './panels/SidePanel.tsx';
import { TopBar } from './panels/TopBar.tsx';
import { useView } from './state/view.ts';
import { TooltipProvider } from './ui/controls.tsx';
import { useThemeOnPage } from './ui/theme.ts';

/** The whole window. */
export function App() {
  const { t } = useTranslation();
  const page = useView((view) => view.page);
  const [isDragging, setDragging] = useState(false);
  useThemeOnPage();
  useEffect(() => bindKeys(), []);
  useEffect(() => takeFiles(setDragging), []);
  return (
    <TooltipProvider delayDuration={400}>
      <div className="app">
        <a className="skip" href="#main">
          {t('app.skip')}
        </a>
        <TopBar />
        {page === 'edit' && (
          <div className="workspace">
            <main className="stage-column" id="main">
              <h1 className="unseen">{t('app.page.edit')}</h1>
              <CanvasPane />
              <HistoryStrip />
            </main>
            <SidePanel />
          </div>
        )}
        {page === 'video' && <VideoPage />}
        {page === 'batch' && <BatchPage />}
        {page === 'models' && <ModelsPage />}
        {page === 'settings' && <SettingsPage />}
        {isDragging && <div className="drop-veil">{t('app.dropHere')}</div>}
        <Notices />
        <KeysDialog />
        <ExportDialog />
        <RecordDialog />
        <MessagesDialog />
      </div>
    </TooltipProvider>
  );
}
