dist_man_MANS += %D%/musterd.conf.5
