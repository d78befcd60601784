{{- define "sluice.name" -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "sluice.selector" -}}
app.kubernetes.io/name: sluice
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "sluice.labels" -}}
{{ include "sluice.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end }}

{{- /* The address of a pod as a setting takes it. */ -}}
{{- define "sluice.podAddress" -}}
{{- if eq .Values.ipFamily "IPv6" -}}
{{- range list .Values.config.rtmp.listen .Values.config.http.listen -}}
{{- if not (hasPrefix "[" .) -}}{{- fail (printf "ipFamily is IPv6, and %s is an address of IPv4: set config.rtmp.listen to [::]:1935 and config.http.listen to [::]:8080" .) -}}{{- end -}}
{{- end -}}
[$(POD_IP)]
{{- else -}}
$(POD_IP)
{{- end -}}
{{- end }}

{{- /* The secrets that are mounted, each once. */ -}}
{{- define "sluice.secretNames" -}}
{{- $names := dict -}}
{{- range .Values.secrets -}}{{- $_ := set $names .secretName true -}}{{- end -}}
{{ toYaml $names }}
{{- end }}
