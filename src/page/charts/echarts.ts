import { BarChart, HeatmapChart, LineChart } from 'echarts/charts';
import {
  AriaComponent,
  GridComponent,
  LegendScrollComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
} from 'echarts/components';
import { use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

/** What our charts need of ECharts, and no more: the rest is not bundled. */
use([
  ...[BarChart, HeatmapChart, LineChart],
  ...[AriaComponent, GridComponent, LegendScrollComponent, MarkLineComponent],
  ...[TooltipComponent, VisualMapContinuousComponent],
  SVGRenderer,
]);

export { init } from 'echarts/core';
