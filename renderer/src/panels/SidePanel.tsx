import { Tabs } from 'radix-ui';
import type { ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../state/session.ts';
import { setView, useView, type View } from '../state/view.ts';
import { EditPanel } from './EditPanel.tsx';
import { LayersPanel } from './LayersPanel.tsx';
import { QueuePanel } from './QueuePanel.tsx';

/** The tabs in their order. */
const PANELS: Readonly<Record<View['sidePanel'], ComponentType>> = {
  edit: EditPanel,
  queue: QueuePanel,
  layers: LayersPanel,
};
const TABS = Object.keys(PANELS) as View['sidePanel'][]; // the keys of PANELS

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
        {Object.entries(PANELS).map(([name, Panel]) => (
          <Tabs.Content key={name} value={name} className="tab-body">
            <Panel />
          </Tabs.Content>
        ))}
      </aside>
    </Tabs.Root>
  );
}
