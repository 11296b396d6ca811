module mia/offline/registrator

go 1.26
