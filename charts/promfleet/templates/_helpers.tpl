{{- define "promfleet.name" -}}
{{- if eq .Release.Name "promfleet" -}}promfleet-operator{{- else -}}{{ printf "%s-promfleet-operator" .Release.Name | trunc 63 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{- define "promfleet.selector" -}}
app.kubernetes.io/name: promfleet
app.kubernetes.io/component: operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "promfleet.labels" -}}
{{ include "promfleet.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* What the operator may do in the namespaces of fleets. Each rule says why. */}}
{{- define "promfleet.rules" -}}
# the declarations, and what came of them
- apiGroups: [promfleet.dev]
  resources: [prometheusfleets]
  verbs: [list, watch]
- apiGroups: [promfleet.dev]
  resources: [prometheusfleets/status]
  verbs: [patch]
# servers and gateways; a set is made anew around its pod where it may not be changed
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch, patch, create, delete]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, patch, create]
# their configuration, addresses and bounds
- apiGroups: [""]
  resources: [secrets, services, serviceaccounts]
  verbs: [get, list, watch, patch, create, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, patch, create, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, patch, create]
# a pod is touched so that its kubelet looks at its Secret at once, tried before servers are changed, and restarted by eviction
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, patch, create, delete]
- apiGroups: [""]
  resources: [pods/eviction]
  verbs: [create]
# volumes grow
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [list, watch, patch]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
# what servers that discover targets may read in their own namespace; nobody can give what he does not have
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [get, list, watch, patch, create, delete]
- apiGroups: [""]
  resources: [pods, services, endpoints]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [get, list, watch]
{{- end -}}
