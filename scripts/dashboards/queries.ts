/** Grafana’s own: as long as at least four scrapes, however far the picture is zoomed. */
export const rate = '$__rate_interval'
/** The bucket of the promise, as Prometheus 2 and 3 write it. */
export const three = 'le=~"3|3[.]0"'
