import { Tabs } from 'radix-ui';
import { useTranslation } from 'react-i18next';
import { useSession } from '../state/session.ts';
import { setView, useView, type View } from '../state/view.ts';
import { EditPanel } from './EditPanel.tsx';
import { LayersPanel } from './LayersPanel.tsx';
import { QueuePanel } from './QueuePanel.tsx';

const TABS: readonly View['sidePanel'][] = ['edit', 'queue', 'layers'];

/** What stands beside the canvas. */
export function SidePanel() {
  const { t } = useTranslation();
  const tab = useView((view) => view.sidePanel);
  const waiting = useSession(({ queue }) => queue.jobs.filter(({ state }) => state === 'waiting').length);
  return (
    <Tabs.Root
      asChild
      className="side-panel"
      value={tab}
      onValueChange={(value) => setView({ sidePanel: value as View['sidePanel'] })} // one of TABS
    >
      <aside aria-label={t('edit.tabs')}>
        <Tabs.List className="tabs" aria-label={t('edit.tabs')}>
          {TABS.map((name) => (
            <Tabs.Trigger key={name} value={name} className="tab">
              {t(`edit.tab.${name}`)}
              {name === 'queue' && waiting > 0 && <span className="badge">{waiting}</span>}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Tabs.Content value="edit" className="tab-body">
          <EditPanel />
        </Tabs.Content>
        <Tabs.Content value="queue" className="tab-body">
          <QueuePanel />
        </Tabs.Content>
        <Tabs.Content value="layers" className="tab-body">
          <LayersPanel />
        </Tabs.Content>
      </aside>
    </Tabs.Root>
  );
}
