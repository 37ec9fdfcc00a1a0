# What `make up` says in the end: where everything answers.
define say_addresses
@at=http://$$(docker compose port proxy 8080) && \
echo "service        $$at" && \
echo "documentation  $(if $(filter true,$(SECURITY_DOCS)),$$at/docs,off; make up SECURITY_DOCS=true turns it on)"
@echo "Prometheus     http://$$(docker compose port prometheus 9090)"  # if metrics
@echo "Grafana        off; docker compose --profile grafana up --detach turns it on"  # if metrics
@echo "schema         up to date; the container that migrated it has ended, as it should"  # if database
@echo "make ps shows what runs, make logs what it says, make down stops it"
endef
