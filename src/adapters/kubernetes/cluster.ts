import {
  AppsV1Api,
  CoordinationV1Api,
  CoreV1Api,
  createConfiguration,
  KubeConfig,
  ServerConfiguration,
  type Middleware,
} from '@kubernetes/client-node'
import { Fault } from '../../core/fault.ts'

/** The parts of the Kubernetes API that the gate's account may use. */
export interface Cluster {
  core: CoreV1Api
  apps: AppsV1Api
  coordination: CoordinationV1Api
}

/** A call, with its answer's body, takes no longer. Milliseconds. */
const DEADLINE_MS = 10_000

/** The cluster that this process runs in, by its pod's account. Throws Fault configuration-invalid outside one. */
export function ownCluster(): Cluster {
  if (!process.env['KUBERNETES_SERVICE_HOST'])
    throw new Fault(
      'configuration-invalid',
      'CUPEL_DEPLOYER is kubernetes, but this process runs in no pod; leave it out',
      { retry: 'never' },
    )
  const config = new KubeConfig()
  config.loadFromCluster()
  return openCluster(config)
}

export function openCluster(config: KubeConfig, deadlineMs = DEADLINE_MS): Cluster {
  const deadline: Middleware = {
    pre: async request => {
      request.setSignal(AbortSignal.timeout(deadlineMs))
      return request
    },
    post: async response => response,
  }
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(config.getCurrentCluster()?.server ?? '', {}),
    authMethods: { default: config },
    promiseMiddleware: [deadline],
  })
  return {
    core: new CoreV1Api(configuration),
    apps: new AppsV1Api(configuration),
    coordination: new CoordinationV1Api(configuration),
  }
}
